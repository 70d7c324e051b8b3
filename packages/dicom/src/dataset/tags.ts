/** The only tags that are ever read. Group·65536 + element. */
export const TAGS = {
  mediaStorageSopInstanceUid: 0x00020003,
  transferSyntaxUid: 0x00020010,
  sopInstanceUid: 0x00080018,
  accessionNumber: 0x00080050,
  modality: 0x00080060,
  patientId: 0x00100020,
  bodyPart: 0x00180015,
  viewPosition: 0x00185101,
  studyInstanceUid: 0x0020000d,
  samplesPerPixel: 0x00280002,
  photometric: 0x00280004,
  frames: 0x00280008,
  rows: 0x00280010,
  columns: 0x00280011,
  bitsAllocated: 0x00280100,
  bitsStored: 0x00280101,
  highBit: 0x00280102,
  pixelRepresentation: 0x00280103,
  pixelPadding: 0x00280120,
  pixelPaddingLimit: 0x00280121,
  burnedInAnnotation: 0x00280301,
  windowCentre: 0x00281050,
  windowWidth: 0x00281051,
  rescaleIntercept: 0x00281052,
  rescaleSlope: 0x00281053,
  voiLutFunction: 0x00281056,
  modalityLutSequence: 0x00283000,
  lutDescriptor: 0x00283002,
  lutData: 0x00283006,
  voiLutSequence: 0x00283010,
  pixelData: 0x7fe00010,
} as const;

/** The tag as dicom-parser writes it, such as x7fe00010. */
export function keyOf(tag: number): string {
  return `x${tag.toString(16).padStart(8, '0')}`;
}
