import { fold } from './fold.ts';

/** What a column of a label file holds; the names that a refusal says. */
export type ColumnName = 'film' | 'accession' | 'label' | 'finding' | 'group';

/** Positions in a row; -1 where a file has no such column. */
export type Columns = Record<ColumnName, number>;

/** Names of columns, folded, without separators: as standards and data sets have them, then as hospitals' exports do. */
const NAMES: Record<ColumnName, string[]> = {
  film: [
    ...['sopinstanceuid', 'sopuid', 'imageid', 'instanceuid', 'imageuid', 'imageinstanceuid'],
    ...['filename', 'file', 'filepath', 'path', 'image', 'imagename', 'imagepath', 'imagefile', 'dicomfile'],
    ...['dateiname', 'datei', 'dateipfad', 'bild', 'bilddatei', 'fichier', 'nomdufichier', 'nomfichier'],
    ...['archivo', 'nombredearchivo', 'nombrearchivo', 'imagen', 'nomefile', 'immagine', 'bestand'],
    ...['bestandsnaam', 'tentep', 'teptin', 'anh', '文件名', '文件', '图像', '图像文件', '影像号'],
  ],
  accession: [
    ...['accessionnumber', 'accession', 'accessionno', 'accessionnr', 'accessionid', 'anforderungsnummer'],
    ...['auftragsnummer', 'numerodaccession', 'numerodacces', 'numerodeacceso', 'numerodiaccesso'],
    ...['accessienummer', 'onderzoeksnummer', '检查号', '检查编号', '登记号'],
  ],
  label: [
    ...['label', 'class', 'diagnosis', 'diagnose', 'klasse', 'diagnostic', 'diagnostico', 'diagnosi'],
    ...['classe', 'clase', 'chandoan', '诊断', '標籤', '标签', '類別', '类别'],
  ],
  finding: [
    ...['lesiontype', 'classname', 'finding', 'findings', 'befund', 'befunde', 'resultat', 'hallazgo'],
    ...['hallazgos', 'reperto', 'reperti', 'bevinding', 'bevindingen', 'tonthuong', '所见', '病变', '发现'],
  ],
  group: ['studyid', 'studyinstanceuid', 'studyuid'],
};

/** Where the columns of a header are; null when the row names no film or nothing about it. */
export function findColumns(header: readonly string[]): Columns | null {
  const names = header.map((name) => fold(name).replace(/[^\p{L}\p{N}]+/gu, ''));
  const find = (column: ColumnName) => names.findIndex((name) => NAMES[column].includes(name));
  const columns: Columns = {
    film: findFilm(names),
    accession: find('accession'),
    label: find('label'),
    finding: find('finding'),
    group: find('group'),
  };
  const namesFilms = columns.film >= 0 || columns.accession >= 0 || columns.group >= 0;
  return namesFilms && (columns.label >= 0 || columns.finding >= 0) ? columns : null;
}

/** Of several columns that name the film, the one that comes first in the list: a UID says more than a file's name. */
function findFilm(names: readonly string[]): number {
  const name = NAMES.film.find((wanted) => names.includes(wanted));
  return name === undefined ? -1 : names.indexOf(name);
}
