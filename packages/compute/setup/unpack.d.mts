export function unpack(job: {
  archive: string;
  strip: string;
  target: string;
  names: string[];
}): Promise<void>;
