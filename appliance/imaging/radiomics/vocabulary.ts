import type { Family } from './settings.ts'
import { COOCCURRENCE_FEATURES } from './texture/cooccurrence-features.ts'
import { DEPENDENCE_FEATURES } from './texture/dependence.ts'
import { RUN_LENGTH_FEATURES } from './texture/run-length.ts'
import { TONE_DIFFERENCE_FEATURES } from './texture/tone-difference.ts'
import { DISTANCE_ZONE_FEATURES, SIZE_ZONE_FEATURES } from './texture/zones.ts'

/** The prefix of the codes of a family, as in the reference tables of IBSI 1. */
export const FAMILY_PREFIX: Readonly<Record<Family, string>> = {
  morphology: 'morph',
  'morphology-2d': 'morph2d',
  'local-intensity': 'loc',
  statistics: 'stat',
  'intensity-histogram': 'ih',
  'intensity-volume-histogram': 'ivh',
  cooccurrence: 'cm',
  'run-length': 'rlm',
  'size-zone': 'szm',
  'distance-zone': 'dzm',
  'tone-difference': 'ngt',
  'grey-level-dependence': 'ngl',
}

const MORPHOLOGY =
  'volume RNU0 vol_approx YEKZ area_mesh C0JK av 2PR5 comp_1 SKGS comp_2 BQWJ sph_dispr KRCK sphericity QCFX asphericity 25C7 com KLMA diam L0JK pca_maj_axis TDIC pca_min_axis P9VJ pca_least_axis 7J51 pca_elongation Q3CK pca_flatness N17B vol_dens_aabb PBX1 area_dens_aabb R59B vol_dens_aee 6BDE area_dens_aee RDD2 vol_dens_conv_hull R3ER area_dens_conv_hull 7T7F integ_int 99N0 moran_i N365 geary_c NPT7'
const LOCAL_INTENSITY = 'peak_loc VJGA peak_glob 0F91'
const STATISTICS =
  'mean Q4LE var ECT3 skew KE2A kurt IPH6 median Y12H min 1GSF p10 QG58 p90 8DWT max 84IY iqr SALO range 2OJQ mad 4FUA rmad 1128 medad N72L cov 7TET qcod 9S40 energy N8CA rms 5ZWQ'
const INTENSITY_HISTOGRAM =
  'mean X6K6 var CH89 skew 88K1 kurt C3I7 median WIFQ min 1PR8 p10 GPMT p90 OZ0C max 3NCY mode AMMC iqr WR0O range 5Z3W mad D2ZX rmad WRZB medad 4RNL cov CWYJ qcod SLWD entropy TLU2 uniformity BJ5W max_grad 12CE max_grad_g 8E6O min_grad VQB3 min_grad_g RHQZ'
const VOLUME_HISTOGRAM = 'v10 BC2M v90 BC2M i10 GBPN i90 GBPN diff_v10_v90 DDTU diff_i10_i90 CNV2 auc 9CMM'
const COOCCURRENCE =
  'GYBY 60VM UR99 TU9B TF7R D3YU NTRS ZGXS OEEB P6QZ 8ZQL ACUI 8S9J IB1Z NDRX WF0Z 1QCO E8JP NI2N QWB0 DG8W 7NFM AE86 R8DG JN9H'
const RUN_LENGTH = '22OV W4KF V3SW G3QZ HTZT GD3A IVPO 3KUM R5YN OVBL W92Y IC23 9ZK5 8CE5 SXLW HJ9O'
const SIZE_ZONE = '5QRC 48P8 XMSY 5GN9 5RAI HW1V YH51 J17V JNSA Y1RO 4JP3 VB3A P30P BYLV 3NSA GU8N'
const DISTANCE_ZONE = '0GBI MB4I S1RA K26C RUVG DKNJ A7WM KLTH VFT7 7HP3 V294 IATH VIWW QK93 7WT1 GBDU'
const TONE_DIFFERENCE = 'QCDE 65HE NQ30 HDEZ 1X9X'
const DEPENDENCE = 'SODN IMOQ TL9H OAE7 EQ3F JA6D NBZI 9QMG FP8K 5SPA Z87G OKJI 6XV8 1PFV DNX2 FCBV CAS9'

/**
 * The IBSI permalink code of each feature, by family and by the feature's name within it. The online manual has the
 * wrong code for both percentiles of the histogram and none for small zone emphasis; GPMT, OZ0C and 5QRC are as in MIRP.
 */
const PERMALINKS: Readonly<Record<Family, ReadonlyMap<string, string>>> = {
  morphology: alternating(MORPHOLOGY),
  'morphology-2d': new Map(),
  'local-intensity': alternating(LOCAL_INTENSITY),
  statistics: alternating(STATISTICS),
  'intensity-histogram': alternating(INTENSITY_HISTOGRAM),
  'intensity-volume-histogram': alternating(VOLUME_HISTOGRAM),
  cooccurrence: paired(COOCCURRENCE_FEATURES, COOCCURRENCE),
  'run-length': paired(RUN_LENGTH_FEATURES, RUN_LENGTH),
  'size-zone': paired(SIZE_ZONE_FEATURES, SIZE_ZONE),
  'distance-zone': paired(DISTANCE_ZONE_FEATURES, DISTANCE_ZONE),
  'tone-difference': paired(TONE_DIFFERENCE_FEATURES, TONE_DIFFERENCE),
  'grey-level-dependence': paired(DEPENDENCE_FEATURES, DEPENDENCE),
}

/** UCUM units by code. A code that is not here is dimensionless or in the unit of the image, which a volume does not say. */
const UNITS: Readonly<Record<string, string>> = {
  morph_volume: 'mm3',
  morph_vol_approx: 'mm3',
  morph_area_mesh: 'mm2',
  morph_av: '/mm',
  morph_com: 'mm',
  morph_diam: 'mm',
  morph_pca_maj_axis: 'mm',
  morph_pca_min_axis: 'mm',
  morph_pca_least_axis: 'mm',
  morph2d_area_mesh: 'mm2',
  morph2d_area_pixels: 'mm2',
  morph2d_perimeter: 'mm',
  morph2d_perimeter_area_ratio: '/mm',
  morph2d_diam: 'mm',
  morph2d_pca_maj_axis: 'mm',
  morph2d_pca_min_axis: 'mm',
}

/** The IBSI permalink code of a feature, such as `Q4LE` of the mean; `undefined` for one that IBSI does not define. */
export function permalink(family: Family, name: string): string | undefined {
  return PERMALINKS[family].get(name)
}

/** The UCUM unit of a code without its aggregation, where the definition alone gives one. */
export function unitOf(code: string): string | undefined {
  return UNITS[code] ?? (/_entr(opy)?$/.test(code) ? 'bit' : undefined)
}

function alternating(list: string): ReadonlyMap<string, string> {
  const words = list.split(' ')
  return new Map(words.flatMap((word, k) => (k % 2 === 0 ? [[word, words[k + 1] ?? ''] as const] : [])))
}

function paired(names: readonly string[], list: string): ReadonlyMap<string, string> {
  const codes = list.split(' ')
  return new Map(names.map((name, k) => [name, codes[k] ?? '']))
}
