import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { installPython } from '@synspine/test-services';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '../../log.ts';
import { useTemporaryFolders } from '../../test-kit/temporary-folders.ts';
import type { Listener } from '../dimse/create-store-scp.ts';
import { openSpool, type Spool } from '../spool/spool.ts';
import { createStowServer } from './create-stow-server.ts';

const temporaryFolder = useTemporaryFolders();

/** Stores a film of each size and prints what the client read, and its log; films are made by pydicom. */
const SCRIPT = `
import json, logging, sys
import numpy, pydicom
from dicomweb_client.api import DICOMwebClient
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

def film(number, side):
    film = Dataset()
    film.preamble = bytes(128)
    film.file_meta = FileMetaDataset()
    film.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    film.SOPClassUID = film.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1"
    film.SOPInstanceUID = film.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{number}"
    film.StudyInstanceUID = film.SeriesInstanceUID = "1.2.3"
    film.Rows = film.Columns = side
    film.SamplesPerPixel, film.PhotometricInterpretation = 1, "MONOCHROME2"
    film.BitsAllocated, film.BitsStored, film.HighBit, film.PixelRepresentation = 16, 12, 11, 0
    film.PixelData = numpy.zeros((side, side), "uint16").tobytes()
    return film

client = DICOMwebClient(sys.argv[1])
films = [film(i, int(side)) for i, side in enumerate(sys.argv[2:])]
try:
    answer = client.store_instances(films)
    uids = lambda name: [item.ReferencedSOPInstanceUID for item in getattr(answer, name, [])]
    reasons = [item.FailureReason for item in getattr(answer, "FailedSOPSequence", [])]
    print(json.dumps({"stored": uids("ReferencedSOPSequence"), "failed": uids("FailedSOPSequence"), "reasons": reasons}))
except Exception as error:
    response = getattr(error, "response", None)
    answer = response is not None and response.content and Dataset.from_json(response.content)
    failed = [item.ReferencedSOPInstanceUID for item in answer.FailedSOPSequence] if answer else str(error)
    print(json.dumps({"status": response is not None and response.status_code, "failed": failed}))
`;

let python: string;
let script: string;
let server: Listener;
let spool: Spool;
beforeAll(async () => {
  python = await installPython('dicomweb-client');
}, 300_000); // the first time it is fetched
afterEach(() => server.close());

async function store(...sides: number[]): Promise<unknown> {
  script = join(await temporaryFolder(), 'store.py');
  await writeFile(script, SCRIPT);
  spool = await openSpool(await temporaryFolder(), {
    ...{ bytesMax: 1e9, filesMax: 100, filmBytesMax: 1e6, freeBytesMin: 0 },
  });
  const options = {
    ...{ bind: '127.0.0.1', port: 0, addresses: ['127.0.0.1'], requestsMax: 2 },
    ...{ idleMs: 5_000, filmMs: 10_000, roomWaitMs: 50 },
  };
  server = await createStowServer(options, { spool, log: createLog('silent') });
  const url = `http://127.0.0.1:${server.port}/dicom-web`;
  const { stdout } = await promisify(execFile)(python, [script, url, ...sides.map(String)]);
  return JSON.parse(stdout);
}

describe('dicomweb-client', () => {
  it('reads which films were stored and which were not, and why', async () => {
    expect(await store(100, 1_000)).toEqual({
      stored: ['1.2.3.0'],
      failed: ['1.2.3.1'],
      reasons: [0xc000],
    });
    expect(spool.waiting(9)).toHaveLength(1);
  });

  it('reads that all were stored, or none', async () => {
    expect(await store(100, 200)).toEqual({ stored: ['1.2.3.0', '1.2.3.1'], failed: [], reasons: [] });
    await server.close();
    expect(await store(1_000)).toEqual({ status: 409, failed: ['1.2.3.0'] });
  });
});
