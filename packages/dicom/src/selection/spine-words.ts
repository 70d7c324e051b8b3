/**
 * Names of the spine and its parts, folded to capitals without accents. Those of `WITHIN` are recognised anywhere in a text, also
 * where device makers join words (`COLUMNALUMBAR`); those of `WHOLE` only as a word of their own.
 */
const WITHIN = [
  ...[
    'SPINE',
    'SPINAL',
    'VERTEBR',
    'LUMBAR',
    'LUMBAL',
    'LUMBO',
    'LUMBOSAC',
    'SACRUM',
    'SACRAL',
    'COCCY',
    'SCOLIO',
  ],
  ...['WIRBEL', 'SKOLIO', 'KREUZBEIN', 'STEISSBEIN', 'LENDENW', 'HALSWS', 'BRUSTWS', 'LENDENWS'], // German
  ...['RACHIS', 'LOMBAIRE', 'LOMBO', 'DORSOLOMB', 'CERVICODORS'], // French
  ...['RAQUIS', 'ESCOLIO', 'DORSOLUMB', 'CERVICODORS', 'COXIS', 'COCCIX'], // Spanish
  ...['LOMBAR', 'RACHIDE', 'COCCIG', 'LOMBOSAC'], // Italian, Portuguese
  ...['WERVEL', 'RUGGENGRAAT', 'HEILIGBEEN', 'STUITBEEN', 'STAARTBEEN', 'LUMBAAL', 'SACRAAL'], // Dutch
  ...['RYGGRAD', 'LANDRYGG', 'HALSRYGG', 'BROSTRYGG', 'KOTPELAR', 'RYGSOJLE', 'RYGGSOYLE', 'SKOLIOSE'], // Scandinavian
  ...['SELKARANKA', 'LANNERANKA', 'KAULARANKA', 'RINTARANKA', 'GERINC', 'OMURGA', 'LOMBER'], // Finnish, Hungarian, Turkish
  ...['KREGOSLUP', 'LEDZWI', 'KRALJEZNIC', 'COLOANA', 'HRBTENIC', 'CHRBTIC'], // Polish and its neighbours
  ...['ПОЗВОН', 'ПОЯСНИЧ', 'КРЕСТЕЦ', 'КРЕСТЦ', 'КОПЧИК', 'ХРЕБЕТ', 'ΣΠΟΝΔΥΛ'], // Russian, Ukrainian, Greek
  ...['COT SONG', 'COTSONG', 'THAT LUNG', 'CUNG CUT', 'XUONG CUNG'], // Vietnamese
  ...[
    '脊柱',
    '脊椎',
    '颈椎',
    '頸椎',
    '頚椎',
    '胸椎',
    '腰椎',
    '骶椎',
    '骶骨',
    '薦椎',
    '尾椎',
    '尾骨',
    '椎体',
    '椎體',
    '仙骨',
    '仙椎',
  ],
  ...['척추', '경추', '흉추', '요추', '천추', '천골', '미골'], // Korean
];

const WHOLE = new Set([
  ...[
    'COLUMNA',
    'COLONNA',
    'COLUNA',
    'COLONNE',
    'COLUMN VERT',
    'PATER',
    'PATERE',
    'SACRO',
    'LOMBES',
    'BEDERNI',
  ],
  ...['HWS', 'BWS', 'LWS', 'GWS', 'HWK', 'BWK', 'LWK', 'CWK', 'TWK', 'LWZ', 'WS', 'WSG'], // German and Dutch shorthand
  ...['CSP', 'TSP', 'LSP', 'DSP', 'LSSP', 'TLSP', 'CTSP', 'CERVICAL', 'CERVICALE', 'CERVICALES', 'CERVICALS'],
  ...['LSSPN', 'SPN', 'CSPN', 'TSPN', 'LSPN', 'SPINA'],
]);

/** Shorthand with the view behind it, joined: `LWSAP`, `HWSSEITLICH`. */
const JOINED = /^([HBLG]WS|[CTLD]SP)(AP|PA|LAT|SEITL|SEITE|SEITLICH|FUNKTION|STEHEND|OBL|2E|IN2EBENEN)$/;

/** Whether a text names the spine or a part of it, in any of the languages above. Texts are matched here and nowhere kept. */
export function namesSpine(text: string): boolean {
  const folded = foldText(text);
  if (WITHIN.some((name) => folded.includes(name))) return true;
  const words = folded.split(' ');
  return words.some((word) => WHOLE.has(word) || JOINED.test(word));
}

/** In capitals, without accents, with spaces for all that is no letter: makers write `_`, `-`, `.` and numbers between words. */
function foldText(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/(?<=\p{Script=Latin}|\p{Script=Greek}|\p{Script=Cyrillic})\p{M}+/gu, '')
    .normalize('NFC') // Korean syllables come together again
    .toUpperCase()
    .replaceAll('Ł', 'L')
    .replaceAll('Đ', 'D')
    .replaceAll('Ø', 'O')
    .replace(/[^\p{L}]+/gu, ' ')
    .trim();
}
