/** A key that some object of a valid JSON text has twice, at whatever depth; undefined where none is. JSON.parse drops the first. */
export function repeatedKey(json: string): string | undefined {
  // A string, or one structural character: in valid JSON nothing else matters here.
  const tokens = json.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:,]/g);
  const open: (Set<string> | null)[] = []; // the keys of each object around; null: a list
  let last = '';
  for (const [token] of tokens) {
    if (token === '{' || token === '[') open.push(token === '{' ? new Set() : null);
    if (token === '}' || token === ']') open.pop();
    if (token === ':') {
      const [keys, key] = [open.at(-1)!, JSON.parse(last) as string];
      if (keys.has(key)) return key;
      keys.add(key);
    }
    last = token;
  }
  return undefined;
}
