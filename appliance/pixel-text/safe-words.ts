/**
 * What may stand in pixels that leave: words of anatomy, laterality, technique and units, in the languages that devices
 * write. A site may add its own (`settings.pixelText.safeWords`). Everything else that can be read is masked.
 */
const WORDS = `
  a ap pa lat ll rl lpo rpo lao rao r l rt lt right left rechts links droite gauche derecha izquierda destra sinistra
  ant post anterior posterior superior inferior cranial caudal oblique obl axial ax sag cor sagittal coronal tra trans
  transverse long longitudinal erect supine prone decub decubitus portable mobile upright stehend liegend debout couche
  head neck chest thorax abdomen abd pelvis spine lspine cspine tspine hip knee ankle foot hand wrist elbow shoulder
  skull brain sinus orbit heart cardiac liver spleen kidney renal bladder prostate uterus ovary thyroid breast carotid
  aorta lymph node lymphnode muscle mskskel tendon nerve vessel vein artery gallbladder pancreas bowel testis fetus
  kopf hals bauch becken knie fuss schulter leber niere herz tete cou bassin genou pied epaule foie coeur rein
  us ct mr mri xr dx cr mg nm pt pet xa rf 2d 3d 4d m mode b bmode color colour cfm power pwr pw cw doppler gen thi
  harmonic freq gain gn dr dyn range depth focus map persist persistence frame rate fps hz khz mhz cine im img image se
  series slice acq loc fov zoom mag cist res tis tib tic mi ao db cm mm m s ms sec min ml cc bpm hr kv kvp ma mas mgy
  dlp ctdi w ww wl c wc window level te tr ti fa nex et flip angle thk thickness sp gap matrix contrast iv delay phase
  art portal venous arterial delayed native on off low med high auto manual preset page plane apical sub subcostal psax
  plax view short axis min max avg mean sd area vol volume dist distance ratio velocity vel pg ri pi edv psv cal scale
  compressed lossy not for diagnostic use demo phantom
`

/** The words in lower case. */
export const SAFE_WORDS: ReadonlySet<string> = new Set(WORDS.split(/\s+/).filter((word) => word !== ''))
