export type WatchdogCode = 'discriminator-overfit' | 'mode-collapse';

export type MonitorReading = {
  logitTrain: number;
  logitValidation: number;
  logitFake: number;
  spreadFake: readonly number[]; // per class
  spreadReal: readonly number[];
  coverage: readonly number[]; // of the films of each class, see filmCoverage
};

export type Warning = { code: WatchdogCode; className?: string; value: number };

/**
 * r_v = (E D(train) − E D(validation)) / (E D(train) − E D(fake)): 0 when the discriminator can't tell training films from unseen
 * ones, 1 when unseen films look as false to it as fakes. A sign of overfitting, and so of copying. NaN when D tells nothing apart.
 */
export function overfitting(reading: MonitorReading): number {
  const gap = reading.logitTrain - reading.logitFake;
  return Math.abs(gap) < 1e-6 ? Number.NaN : (reading.logitTrain - reading.logitValidation) / gap;
}

const overfittingMax = 0.9; // unseen films are then nearly as false as fakes
const spreadRatioMin = 0.35; // healthy small runs stay above .6
// On phantoms at 32 px every snapshot of a healthy run had .52 to 1; 8 images over and over have .25, and 4 have .17 to .20.
const coverageMin = 0.35;

/** What a person should look at. Pure; stopping the run is the caller's decision. */
export function inspect(reading: MonitorReading, classNames: readonly string[]): Warning[] {
  const rv = overfitting(reading);
  const overfit: Warning[] = rv > overfittingMax ? [{ code: 'discriminator-overfit', value: rv }] : [];
  const collapsed = classNames.flatMap((className, i): Warning[] => {
    const spread = reading.spreadFake[i]! / reading.spreadReal[i]!;
    if (spread < spreadRatioMin) return [{ code: 'mode-collapse', className, value: spread }];
    const coverage = reading.coverage[i]!;
    return coverage < coverageMin ? [{ code: 'mode-collapse', className, value: coverage }] : [];
  });
  return [...overfit, ...collapsed];
}
