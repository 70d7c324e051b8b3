/** Every piece that a packet may hold, in order; `?` may be missing. Between pieces there is white space at most. */
const PIECES: readonly [pattern: RegExp, optional?: '?'][] = [
  [/<\?xpacket begin=["']\uFEFF?["'] id=["']W5M0MpCehiHzreSzNTczkc9d["']\?>/y, '?'],
  [
    /<x:xmpmeta xmlns:x=["']adobe:ns:meta\/["'](?: x:xmptk=["'](?:XMP Core|Image::ExifTool) [\d.]{1,12}["'])?>/y,
  ],
  [/<rdf:RDF xmlns:rdf=["']http:\/\/www\.w3\.org\/1999\/02\/22-rdf-syntax-ns#["']>/y],
  [/<rdf:Description rdf:about=(?:""|'')/y],
  [/xmlns:Iptc4xmpExt=["']http:\/\/iptc\.org\/std\/Iptc4xmpExt\/2008-02-29\/["']/y],
];
const SOURCE_TYPE = 'http:\\/\\/cv\\.iptc\\.org\\/newscodes\\/digitalsourcetype\\/trainedAlgorithmicMedia';
const STATEMENTS: readonly RegExp[] = [
  new RegExp(`Iptc4xmpExt:DigitalSourceType=["']${SOURCE_TYPE}["']\\s*/>`, 'y'),
  new RegExp(
    `>\\s*<Iptc4xmpExt:DigitalSourceType>${SOURCE_TYPE}</Iptc4xmpExt:DigitalSourceType>\\s*</rdf:Description>`,
    'y',
  ),
];
const CLOSING: readonly [pattern: RegExp, optional?: '?'][] = [
  [/<\/rdf:RDF>/y],
  [/<\/x:xmpmeta>/y],
  [/<\?xpacket end=["'][rw]["']\?>/y, '?'],
];

/**
 * Whether an XMP packet says that its image was made by a trained algorithm (IPTC Digital Source Type) and says nothing else:
 * it holds no other property, comment or text, in which anything could travel. The property may be an attribute or an element.
 */
export function saysSyntheticAlone(packet: string): boolean {
  let at = 0;
  const skip = () => {
    while (/\s/.test(packet[at] ?? '')) at++;
  };
  const take = ([pattern, optional]: readonly [RegExp, '?'?]): boolean => {
    skip();
    pattern.lastIndex = at;
    if (!pattern.test(packet)) return optional === '?';
    at = pattern.lastIndex;
    return true;
  };
  const isWhole =
    PIECES.every(take) && STATEMENTS.some((statement) => take([statement])) && CLOSING.every(take);
  skip();
  return isWhole && at === packet.length && packet.length <= PACKET_CHARACTERS_MAX;
}

const PACKET_CHARACTERS_MAX = 4_096; // writers pad with white space to 2 or 4 KB
