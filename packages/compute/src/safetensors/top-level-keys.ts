/** The keys of a valid JSON object's outermost level in order, repeated ones included (JSON.parse drops those). */
export function topLevelKeys(json: string): string[] {
  const keys: string[] = [];
  // A string, or one structural character: in valid JSON nothing else matters here.
  const tokens = json.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:,]/g);
  let depth = 0;
  let last = '';
  for (const [token] of tokens) {
    if (token === ':' && depth === 1) keys.push(JSON.parse(last));
    if (token === '{' || token === '[') depth += 1;
    if (token === '}' || token === ']') depth -= 1;
    last = token;
  }
  return keys;
}
