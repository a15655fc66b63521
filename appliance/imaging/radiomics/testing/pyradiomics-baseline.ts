/**
 * PyRadiomics' names of features that have the same definition here, by baseline file. Not the same are: kurtosis (PyRadiomics
 * adds 3), energy and root mean square (it shifts the intensities by 2000), the axis lengths (its covariance has divisor n),
 * GLCM maximal correlation coefficient (not of IBSI). First-order entropy and uniformity are of the intensity histogram.
 */
export const SAME_DEFINITIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  firstorder: {
    Mean: 'stat_mean',
    Variance: 'stat_var',
    Skewness: 'stat_skew',
    Median: 'stat_median',
    Minimum: 'stat_min',
    Maximum: 'stat_max',
    Range: 'stat_range',
    InterquartileRange: 'stat_iqr',
    '10Percentile': 'stat_p10',
    '90Percentile': 'stat_p90',
    MeanAbsoluteDeviation: 'stat_mad',
    RobustMeanAbsoluteDeviation: 'stat_rmad',
    Entropy: 'ih_entropy',
    Uniformity: 'ih_uniformity',
  },
  glcm: {
    MaximumProbability: 'cm_joint_max',
    JointAverage: 'cm_joint_avg',
    SumSquares: 'cm_joint_var',
    JointEntropy: 'cm_joint_entr',
    DifferenceAverage: 'cm_diff_avg',
    DifferenceVariance: 'cm_diff_var',
    DifferenceEntropy: 'cm_diff_entr',
    SumAverage: 'cm_sum_avg',
    SumEntropy: 'cm_sum_entr',
    JointEnergy: 'cm_energy',
    Contrast: 'cm_contrast',
    Id: 'cm_inv_diff',
    Idn: 'cm_inv_diff_norm',
    Idm: 'cm_inv_diff_mom',
    Idmn: 'cm_inv_diff_mom_norm',
    InverseVariance: 'cm_inv_var',
    Correlation: 'cm_corr',
    Autocorrelation: 'cm_auto_corr',
    ClusterTendency: 'cm_clust_tend',
    ClusterShade: 'cm_clust_shade',
    ClusterProminence: 'cm_clust_prom',
    Imc1: 'cm_info_corr1',
    Imc2: 'cm_info_corr2',
  },
  glrlm: {
    ShortRunEmphasis: 'rlm_sre',
    LongRunEmphasis: 'rlm_lre',
    LowGrayLevelRunEmphasis: 'rlm_lgre',
    HighGrayLevelRunEmphasis: 'rlm_hgre',
    ShortRunLowGrayLevelEmphasis: 'rlm_srlge',
    ShortRunHighGrayLevelEmphasis: 'rlm_srhge',
    LongRunLowGrayLevelEmphasis: 'rlm_lrlge',
    LongRunHighGrayLevelEmphasis: 'rlm_lrhge',
    GrayLevelNonUniformity: 'rlm_glnu',
    GrayLevelNonUniformityNormalized: 'rlm_glnu_norm',
    RunLengthNonUniformity: 'rlm_rlnu',
    RunLengthNonUniformityNormalized: 'rlm_rlnu_norm',
    RunPercentage: 'rlm_r_perc',
    GrayLevelVariance: 'rlm_gl_var',
    RunVariance: 'rlm_rl_var',
    RunEntropy: 'rlm_rl_entr',
  },
  glszm: {
    SmallAreaEmphasis: 'szm_sze',
    LargeAreaEmphasis: 'szm_lze',
    LowGrayLevelZoneEmphasis: 'szm_lgze',
    HighGrayLevelZoneEmphasis: 'szm_hgze',
    SmallAreaLowGrayLevelEmphasis: 'szm_szlge',
    SmallAreaHighGrayLevelEmphasis: 'szm_szhge',
    LargeAreaLowGrayLevelEmphasis: 'szm_lzlge',
    LargeAreaHighGrayLevelEmphasis: 'szm_lzhge',
    GrayLevelNonUniformity: 'szm_glnu',
    GrayLevelNonUniformityNormalized: 'szm_glnu_norm',
    SizeZoneNonUniformity: 'szm_zsnu',
    SizeZoneNonUniformityNormalized: 'szm_zsnu_norm',
    ZonePercentage: 'szm_z_perc',
    GrayLevelVariance: 'szm_gl_var',
    ZoneVariance: 'szm_zs_var',
    ZoneEntropy: 'szm_zs_entr',
  },
  gldm: {
    SmallDependenceEmphasis: 'ngl_lde',
    LargeDependenceEmphasis: 'ngl_hde',
    LowGrayLevelEmphasis: 'ngl_lgce',
    HighGrayLevelEmphasis: 'ngl_hgce',
    SmallDependenceLowGrayLevelEmphasis: 'ngl_ldlge',
    SmallDependenceHighGrayLevelEmphasis: 'ngl_ldhge',
    LargeDependenceLowGrayLevelEmphasis: 'ngl_hdlge',
    LargeDependenceHighGrayLevelEmphasis: 'ngl_hdhge',
    GrayLevelNonUniformity: 'ngl_glnu',
    DependenceNonUniformity: 'ngl_dcnu',
    DependenceNonUniformityNormalized: 'ngl_dcnu_norm',
    GrayLevelVariance: 'ngl_gl_var',
    DependenceVariance: 'ngl_dc_var',
    DependenceEntropy: 'ngl_dc_entr',
  },
  ngtdm: {
    Coarseness: 'ngt_coarseness',
    Contrast: 'ngt_contrast',
    Busyness: 'ngt_busyness',
    Complexity: 'ngt_complexity',
    Strength: 'ngt_strength',
  },
  shape: {
    VoxelVolume: 'morph_vol_approx',
    MeshVolume: 'morph_volume',
    SurfaceArea: 'morph_area_mesh',
    SurfaceVolumeRatio: 'morph_av',
    Sphericity: 'morph_sphericity',
    Maximum3DDiameter: 'morph_diam',
    Elongation: 'morph_pca_elongation',
    Flatness: 'morph_pca_flatness',
  },
  shape2D: {
    MeshSurface: 'morph2d_area_mesh',
    PixelSurface: 'morph2d_area_pixels',
    Perimeter: 'morph2d_perimeter',
    PerimeterSurfaceRatio: 'morph2d_perimeter_area_ratio',
    Sphericity: 'morph2d_sphericity',
    MaximumDiameter: 'morph2d_diam',
    Elongation: 'morph2d_pca_elongation',
  },
}

/** The figures of one column of a baseline file, by PyRadiomics' feature name without its image and class. */
export function baselineColumn(csv: string, column: string): ReadonlyMap<string, number> {
  const [heading = [], ...rows] = csv.trim().split(/\r?\n/).map(fields)
  const index = heading.indexOf(column)
  if (index < 0) throw new Error(`the baseline has no column ${column}`)
  return new Map(
    rows
      .filter(([name = '']) => name.startsWith('original_'))
      .map((row) => [(row[0] ?? '').split('_')[2] ?? '', Number(row[index])]),
  )
}

/** The index of the slice that holds a case of the two-dimensional baseline. */
export function baselineSlice(csv: string, column: string): number {
  const [heading = [], ...rows] = csv.trim().split(/\r?\n/).map(fields)
  const box = rows.find(([name]) => name === 'diagnostics_Mask-corrected_BoundingBox')?.[heading.indexOf(column)] ?? ''
  return Number(box.split(',')[2])
}

/** The fields of one line; quoted ones may hold commas. */
function fields(line: string): string[] {
  return [...line.matchAll(/("([^"]*)"|[^,]*)(,|$)/g)].slice(0, -1).map(([, plain = '', quoted]) => quoted ?? plain)
}
