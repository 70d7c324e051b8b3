/** A rectangle of pixels: columns left to right - 1, rows top to bottom - 1. `score` is the detector's, 0 to 1. */
export type TextBox = { left: number; top: number; right: number; bottom: number; score: number };

/** Chance above which a pixel belongs to a text's core; 0.3 is that of the paper. */
const CORE_CHANCE = 0.3;

/** How far a core is grown to its text: area · 1.5 / perimeter (Liao et al. 2020, equation 10). */
const GROWTH = 1.5;

const SIDE_MIN_PX = 3;

/** The texts of a map of chances (rows·columns), grown from their cores. */
export function findBoxes(chances: Float32Array, rows: number, columns: number): TextBox[] {
  const boxes: TextBox[] = [];
  const seen = new Uint8Array(rows * columns);
  const stack = new Int32Array(rows * columns);
  for (let start = 0; start < chances.length; start++) {
    if (seen[start] || chances[start]! <= CORE_CHANCE) continue;
    const core = traceCore({ chances, seen, stack, rows, columns }, start);
    if (Math.min(core.right - core.left, core.bottom - core.top) < SIDE_MIN_PX) continue;
    boxes.push(growBox(core, rows, columns));
  }
  return boxes;
}

type Search = {
  chances: Float32Array;
  seen: Uint8Array;
  stack: Int32Array;
  rows: number;
  columns: number;
};

/** Fills one connected core (8 neighbours) and marks it as seen. */
function traceCore({ chances, seen, stack, rows, columns }: Search, start: number): TextBox {
  const box = { left: columns, top: rows, right: 0, bottom: 0, score: 0 };
  let [depth, count] = [0, 0];
  seen[start] = 1;
  stack[depth++] = start;
  while (depth > 0) {
    const at = stack[--depth]!;
    const [x, y] = [at % columns, Math.floor(at / columns)];
    box.left = Math.min(box.left, x);
    box.right = Math.max(box.right, x + 1);
    box.top = Math.min(box.top, y);
    box.bottom = Math.max(box.bottom, y + 1);
    box.score += chances[at]!;
    count += 1;
    for (let ny = Math.max(0, y - 1); ny <= Math.min(rows - 1, y + 1); ny++) {
      for (let nx = Math.max(0, x - 1); nx <= Math.min(columns - 1, x + 1); nx++) {
        const next = ny * columns + nx;
        if (seen[next] || chances[next]! <= CORE_CHANCE) continue;
        seen[next] = 1;
        stack[depth++] = next;
      }
    }
  }
  return { ...box, score: box.score / count };
}

function growBox(core: TextBox, rows: number, columns: number): TextBox {
  const [width, height] = [core.right - core.left, core.bottom - core.top];
  const growth = Math.ceil((width * height * GROWTH) / (2 * (width + height)));
  return {
    left: Math.max(0, core.left - growth),
    top: Math.max(0, core.top - growth),
    right: Math.min(columns, core.right + growth),
    bottom: Math.min(rows, core.bottom + growth),
    score: core.score,
  };
}
