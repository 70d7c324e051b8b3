/** One line a step: a bar that moves on a terminal, and only beginnings and ends in a log. */
export function createProgress(names, out = process.stdout) {
  const state = new Map(names.map((name) => [name, { fraction: 0, text: 'waiting', done: false }]));
  const width = Math.max(...names.map((n) => n.length));
  let drawn = 0;

  const line = (name, s) => {
    const cells = Math.round(s.fraction * 24);
    return `${name.padEnd(width)}  ${'█'.repeat(cells)}${'░'.repeat(24 - cells)}  ${s.text}`.slice(
      0,
      (out.columns ?? 120) - 1,
    );
  };
  const draw = () => {
    if (!out.isTTY) return;
    if (drawn) out.write(`\x1b[${drawn}A`);
    for (const [name, s] of state) out.write(`\x1b[2K${line(name, s)}\n`);
    drawn = state.size;
  };
  return {
    update(name, fraction, text) {
      Object.assign(state.get(name), { fraction, text });
      draw();
    },
    finish(name, text) {
      Object.assign(state.get(name), { fraction: 1, text, done: true });
      if (out.isTTY) draw();
      else out.write(`${line(name, state.get(name))}\n`);
    },
  };
}
