import { markSynthetic } from '@synspine/release';
import { encodeGray } from '../films/master-image.ts';

/** width·height gray bytes as the PNG that may leave: nothing beside its pixels but that it is synthetic. */
export async function encodeReleased(gray: Uint8Array, width: number, height = width): Promise<Uint8Array> {
  return markSynthetic(await encodeGray(gray, width, height));
}
