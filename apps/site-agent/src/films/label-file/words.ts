import { FINDINGS } from '@synspine/dicom';
import { type FilmFinding, UNSPECIFIED_FINDING } from '../label-schemes.ts';
import { fold } from './fold.ts';

/** What a word stands for; null: it says nothing, and the film stays without a label. */
export type Meaning = FilmFinding | null;

/** By folded word. */
export type LabelWords = ReadonlyMap<string, Meaning>;

/** Lines by language: English, German, French, Spanish, Italian, Dutch, Vietnamese, Chinese. What one has of another stands once. */
const NO_FINDING = `
  no finding|no findings|normal|none|-|nothing|negative|healthy|unremarkable|no abnormality|no abnormalities|no abnormal finding|no abnormal findings|within normal limits|wnl
  ohne befund|o.b|o. b|ob|kein befund|keine befunde|unauffällig|unauffaellig|normalbefund|regelrecht|keine|keiner|keines|nichts|gesund|negativ|keine auffälligkeiten|keine auffaelligkeiten|ohne pathologischen befund|kein pathologischer befund
  normale|aucun|aucune|aucune anomalie|aucune lésion|sans anomalie|pas d'anomalie|rien à signaler|ras|r.a.s|néant|sans particularité|examen normal|négatif|sain
  ninguno|ninguna|ningún hallazgo|sin hallazgos|sin alteraciones|sin anomalías|sin hallazgos patológicos|sin lesiones|nada|negativo|sano|dentro de límites normales
  nessuno|nessuna|nessun reperto|nessuna anomalia|nessuna lesione|nella norma|nei limiti|nei limiti della norma|nulla|nulla da segnalare|niente|senza anomalie
  normaal|geen|geen afwijking|geen afwijkingen|geen bevinding|geen bevindingen|geen bijzonderheden|zonder afwijkingen|niets|gezond|negatief
  bình thường|không|không có|không có bất thường|không bất thường|không thấy bất thường|không phát hiện bất thường|không tổn thương|không có tổn thương|âm tính
  正常|无|無|没有|沒有|未见异常|未見異常|未见明显异常|未見明顯異常|无异常|無異常|无明显异常|阴性|陰性|无病变`;

const ABNORMAL = `
  abnormal|pathological|pathologic|abnormality|unspecified finding
  auffällig|auffaellig|pathologisch|krankhaft|anormal
  anormale|pathologique
  patológico|patológica|alterado|alterada
  patologico|patologica|anomalo|anomala
  abnormaal|afwijkend
  bất thường
  异常|異常|不正常`;

const LESIONS: Partial<Record<FilmFinding, string>> = {
  'Disc space narrowing': `
    disk space narrowing|disc narrowing|narrowed disc space|narrow disc space|intervertebral disc space narrowing
    bandscheibenverschmälerung|bandscheibenverschmaelerung|zwischenwirbelraumverschmälerung|zwischenwirbelraumverschmaelerung|bandscheibenhöhenminderung|höhenminderung der bandscheibe
    pincement discal|pincement intersomatique|pincement intervertébral
    estrechamiento discal|pinzamiento discal|pinzamiento intersomático|disminución del espacio discal|estrechamiento del espacio discal|disminución del espacio intervertebral
    riduzione dello spazio discale|riduzione dello spazio intersomatico|restringimento dello spazio discale|riduzione dello spazio intervertebrale
    discusversmalling|versmalling van de discus|versmalde tussenwervelruimte|tussenwervelschijfversmalling
    hẹp khe đĩa đệm|hẹp đĩa đệm|hẹp khe liên đốt|hẹp khe liên đốt sống
    椎间隙狭窄|椎間隙狹窄|椎间隙变窄|椎間隙變窄|椎间盘狭窄`,
  'Foraminal stenosis': `
    neural foraminal stenosis|neuroforaminal stenosis|foraminal narrowing
    foramenstenose|neuroforamenstenose|foraminalstenose|foraminale stenose|neuroforaminale stenose
    sténose foraminale|rétrécissement foraminal
    estenosis foraminal
    stenosi foraminale
    foramenvernauwing|foraminavernauwing
    hẹp lỗ liên hợp|hẹp lỗ gian đốt sống
    椎间孔狭窄|椎間孔狹窄`,
  Osteophytes: `
    osteophyte|bone spur|bone spurs
    osteophyt|osteophyten|spondylophyt|spondylophyten|randzacken
    ostéophyte|ostéophytes|ostéophytose
    osteofito|osteofitos|osteofitosis
    osteofita|osteofiti|osteofitosi
    osteofyt|osteofyten
    gai xương|gai cột sống|gai đốt sống|chồi xương
    骨赘|骨贅|骨刺|骨质增生|骨質增生`,
  Spondylolisthesis: `
    spondylolysthesis|anterolisthesis|retrolisthesis|listhesis
    spondylolisthese|wirbelgleiten|anterolisthese|retrolisthese
    spondylolisthésis|antérolisthésis
    espondilolistesis|anterolistesis|retrolistesis
    spondilolistesi|anterolistesi|retrolistesi
    wervelverschuiving
    trượt đốt sống
    脊椎滑脱|脊椎滑脫|腰椎滑脱|腰椎滑脫|椎体滑脱|椎體滑脫`,
  'Surgical implant': `
    surgical implants|implant|implants|spinal implant|spinal hardware|surgical hardware
    implantat|implantate|chirurgisches implantat|osteosynthesematerial|osteosynthese
    implant chirurgical|implants chirurgicaux|matériel chirurgical|matériel d'ostéosynthèse
    implante|implantes|implante quirúrgico|material de osteosíntesis|osteosíntesis
    impianto|impianto chirurgico|mezzi di sintesi|osteosintesi
    implantaat|implantaten|chirurgisch implantaat|osteosynthesemateriaal
    dụng cụ phẫu thuật|vật liệu cấy ghép|cấy ghép phẫu thuật|nẹp vít
    手术植入物|手術植入物|植入物|内固定|內固定|内固定物|內固定物`,
  'Vertebral collapse': `
    compression fracture|vertebral compression fracture|collapsed vertebra|vertebral body collapse
    wirbelsinterung|wirbelkörpersinterung|sinterungsfraktur|sinterfraktur|kompressionsfraktur|wirbelkörperkompression|wirbelkompressionsfraktur
    tassement vertébral|fracture tassement|fracture-tassement|effondrement vertébral
    colapso vertebral|aplastamiento vertebral|fractura por compresión|fractura por aplastamiento
    collasso vertebrale|cedimento vertebrale|crollo vertebrale|frattura da compressione
    wervelinzakking|inzakkingsfractuur|compressiefractuur|wervelcompressie
    xẹp đốt sống|xẹp thân đốt sống|lún đốt sống
    椎体压缩|椎體壓縮|椎体塌陷|椎體塌陷|压缩性骨折|壓縮性骨折|椎体压缩性骨折|椎體壓縮性骨折`,
  'Other lesions': `
    other lesion|other|other finding|other findings|other abnormality|enthesophyte|enthesophytes|scoliosis
    andere|sonstige|sonstiges|andere läsion|andere läsionen|sonstiger befund|sonstige befunde|skoliose
    autre|autres|autre lésion|autres lésions|scoliose
    otro|otros|otra lesión|otras lesiones|otros hallazgos|escoliosis
    altro|altri|altra lesione|altre lesioni|altri reperti|scoliosi
    overige|andere afwijking|andere afwijkingen|overige afwijkingen
    khác|tổn thương khác|vẹo cột sống
    其他|其它|其他病变|其他病變|其他异常|其他異常|脊柱侧弯|脊柱側彎`,
};

const SAYS_NOTHING = `
  unsure|uncertain|unclear|unknown|?
  unklar|unsicher|unbekannt
  incertain|inconnu
  incierto|desconocido
  incerto|sconosciuto
  onzeker|onbekend
  không rõ|không xác định
  不明|不确定|不確定|未知`;

/** The usual words of eight languages. Whatever else a label file says is unknown until a site maps it. */
export const USUAL_WORDS: LabelWords = new Map<string, Meaning>([
  ...FINDINGS.map((finding) => [fold(finding), finding] as const),
  ...meaning(NO_FINDING, 'No finding'),
  ...meaning(ABNORMAL, UNSPECIFIED_FINDING),
  ...Object.entries(LESIONS).flatMap(([finding, words]) => meaning(words, finding as FilmFinding)),
  ...meaning(SAYS_NOTHING, null),
]);

function meaning(words: string, stands: Meaning): [string, Meaning][] {
  return words
    .split(/[|\n]/)
    .flatMap((word): [string, Meaning][] => (fold(word) ? [[fold(word), stands]] : []));
}

/** Between the findings of one cell. */
const BETWEEN = /[;；|,，、\n]/;

/** The findings in a cell, none where it is empty or says nothing; 'unknown' when it holds a word that nobody has mapped. */
export function findMeaning(cell: string, words: LabelWords): FilmFinding[] | 'unknown' {
  const whole = words.get(fold(cell));
  if (whole !== undefined) return whole === null ? [] : [whole];
  const parts = cell.split(BETWEEN).filter((part) => part.trim() !== '');
  const meanings = parts.map((part) => words.get(fold(part)));
  if (meanings.includes(undefined)) return 'unknown';
  return meanings.filter((finding) => finding !== null && finding !== undefined);
}
