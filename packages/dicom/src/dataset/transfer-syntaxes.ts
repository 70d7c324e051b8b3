type PixelCodec = 'native' | 'rle' | 'jpeg' | 'jpeg-lossless' | 'jpeg-ls' | 'jpeg-2000' | 'htj2k';

export type TransferSyntax = {
  explicitVr: boolean;
  bigEndian: boolean;
  deflated: boolean;
  /** null: the tags can be read, the pixels can not. */
  codec: PixelCodec | null;
};

const littleExplicit = (codec: PixelCodec | null): TransferSyntax => ({
  explicitVr: true,
  bigEndian: false,
  deflated: false,
  codec,
});

/** PS3.5 chapter 10 and annex A. */
const SYNTAXES: Record<string, TransferSyntax> = {
  '1.2.840.10008.1.2': { explicitVr: false, bigEndian: false, deflated: false, codec: 'native' },
  '1.2.840.10008.1.2.1': littleExplicit('native'),
  '1.2.840.10008.1.2.1.99': { ...littleExplicit('native'), deflated: true },
  '1.2.840.10008.1.2.2': { explicitVr: true, bigEndian: true, deflated: false, codec: 'native' },
  '1.2.840.10008.1.2.5': littleExplicit('rle'),
  '1.2.840.10008.1.2.4.50': littleExplicit('jpeg'),
  '1.2.840.10008.1.2.4.51': littleExplicit('jpeg'),
  '1.2.840.10008.1.2.4.57': littleExplicit('jpeg-lossless'),
  '1.2.840.10008.1.2.4.70': littleExplicit('jpeg-lossless'),
  '1.2.840.10008.1.2.4.80': littleExplicit('jpeg-ls'),
  '1.2.840.10008.1.2.4.81': littleExplicit('jpeg-ls'),
  '1.2.840.10008.1.2.4.90': littleExplicit('jpeg-2000'),
  '1.2.840.10008.1.2.4.91': littleExplicit('jpeg-2000'),
  '1.2.840.10008.1.2.4.201': littleExplicit('htj2k'),
  '1.2.840.10008.1.2.4.202': littleExplicit('htj2k'),
  '1.2.840.10008.1.2.4.203': littleExplicit('htj2k'),
};

/** Every other standard or private syntax is explicit little endian with encapsulated pixels (PS3.5 A.4): its tags still tell why. */
export function findTransferSyntax(uid: string): TransferSyntax {
  return Object.hasOwn(SYNTAXES, uid) ? SYNTAXES[uid]! : littleExplicit(null);
}

/** UIDs of the syntaxes whose pixels can be decoded: what a receiver may offer to accept. */
export const DECODABLE_SYNTAXES: readonly string[] = Object.keys(SYNTAXES).filter(
  (uid) => SYNTAXES[uid]!.codec !== null,
);
