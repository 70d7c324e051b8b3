import { downsample2, firDownsample2, firUpsample2, type tf, upsample2 } from '@synspine/compute';
import type { Resampling } from '../presets.ts';

/** [b,h,w,c] → [b,2h,2w,c], mean preserved away from the border. */
export function upsample(x: tf.Tensor4D, resampling: Resampling): tf.Tensor4D {
  return resampling === 'box' ? upsample2(x) : firUpsample2(x);
}

/** [b,h,w,c] → [b,h/2,w/2,c] */
export function downsample(x: tf.Tensor4D, resampling: Resampling): tf.Tensor4D {
  return resampling === 'box' ? downsample2(x) : firDownsample2(x);
}
