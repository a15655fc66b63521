import type { ModelCard } from './card.ts'
import type { CardDeclaration } from './card-declaration.ts'

const NO_EXTERNAL = { notAssessed: 'The model was not tested on data of another institution.' }
const NO_OUTCOMES = {
  notAssessed: 'No study of effects on outcomes of patients exists: the model is for research only.',
}
const DEVELOPER = {
  name: 'The developers of Leadglass',
  contact: 'The issue tracker of the repository from which this package was obtained',
}
const MAINTENANCE = {
  validityMonitoring:
    'Every month the hub holds distributions of scores and image features of each site against those of the package, and scores against verified labels as they arrive. What it found is shown in this card.',
  updateProcess:
    'When a site has verified enough labels, a candidate may be trained; it runs only after two people signed.',
  correctionFrequency: {
    notAssessed:
      'No fixed frequency: a version that fails is stopped at once by recall or locally, and replaced when a better one is approved.',
  },
} as const

const CHEST: CardDeclaration = {
  developer: DEVELOPER,
  funding: 'No external funding is known to the developers.',
  output: {
    value:
      'Scores between 0 and 1: an image resembles those whose reports mention pneumonia; from 1.1.0 on also the projection and three signs of an unusable image.',
    kind: 'classification',
  },
  population: 'Patients with a frontal chest radiograph (CR or DX). Infants are outside the population.',
  users: 'People who rehearse governance of models and researchers; not for treating physicians to decide by.',
  decisionRole: 'None. The score informs no decision on a patient; it exercises delivery, monitoring and retraining.',
  howToUse: 'Run it in shadow beside the usual reading, verify labels, and watch drift and local figures at the hub.',
  inclusionCriteria:
    'Images of the NIH ChestX-ray14 subset with the text-mined label Pneumonia, or No Finding; by patient, split part "shipped". Images with other findings only were left out.',
  demographicInputs: 'None: pixels are the only input. Sex and view were used as training targets, never as inputs.',
  representativeness:
    'Adults and children of one hospital in the United States. Age, race and ethnicity of the 94 training patients were not examined; sex was, and figures by sex are among the metrics.',
  relevance:
    'Portable and standing frontal radiographs as in a general hospital, yet with few images, of one institution and an older period.',
  fairnessApproach:
    'Figures within each sex and each projection were measured on held-out patients and stand in the card.',
  biasManagement:
    'Confounding of label and projection was measured and is stated as a known shortcut; a variant that balances projection was trained and compared. Race and ethnicity are unknown in the data.',
  subgroups: 'By sex and by projection, in the metrics.',
  externalSource: NO_EXTERNAL,
  externalParty: NO_EXTERNAL,
  externalDemographics: NO_EXTERNAL,
  externalProcess: NO_EXTERNAL,
  externalValidity: NO_EXTERNAL,
  externalFairness: NO_EXTERNAL,
  outcomes: NO_OUTCOMES,
  ...MAINTENANCE,
  fairnessMonitoring:
    'Local figures by sex and age decade are computed at the hub from verified labels, with their counts.',
  stakeholders: { notAssessed: 'No clinicians or patients were consulted: the model is for research only.' },
  patientDisclosure: {
    notAssessed: 'The site that runs the model in research decides on disclosure under its own rules.',
  },
  weightsLicence: 'Apache-2.0',
  hazards: [
    {
      id: 'H-1',
      hazard: 'A finding is missed',
      situation: 'A person relies on a low score although the model is declared for research only',
      harm: 'Treatment of pneumonia is delayed',
      severity: 'critical',
      probability: 'occasional',
      control:
        'Every result carries the statement "Research only, not for diagnosis"; results are secondary captures or reports of their own, never changes to the study',
      residualProbability: 'improbable',
    },
    {
      id: 'H-2',
      hazard: 'A finding is claimed that is not there',
      situation: 'A person relies on a high score, for instance on one that the projection has caused',
      harm: 'Needless examination or antibiotic treatment',
      severity: 'serious',
      probability: 'occasional',
      control: 'Statement on every result; the shortcut is named in the card; figures within each projection are shown',
      residualProbability: 'remote',
    },
    {
      id: 'H-3',
      hazard: 'The model is worse at a site than measured',
      situation: 'Scanner, processing or patients differ from those of the training data',
      harm: 'As H-1 and H-2, unnoticed for longer',
      severity: 'critical',
      probability: 'probable',
      control: 'Drift and local figures at the hub; anybody with the right may stop the model at the site at once',
      residualProbability: 'improbable',
    },
  ],
}

const NO_PATIENTS = { notAssessed: 'The model measures a computed phantom: there are no patients in any of its data.' }

const PHANTOM: CardDeclaration = {
  developer: DEVELOPER,
  funding: 'No external funding is known to the developers.',
  output: {
    value: 'Shares of visible discs and of remaining modulation, and a score that the phantom is out of tolerance.',
    kind: 'analysis',
  },
  population: 'No patients: images of the computed constancy phantom only.',
  users: 'Medical physicists, and people who run the appliance.',
  decisionRole: 'Hints that the way from sender to scoring has changed; a person examines why.',
  howToUse: 'Send the same phantom every week and watch the figures.',
  inclusionCriteria: 'All computed phantoms of the declared seeds; none was left out.',
  demographicInputs: 'None: pixels are the only input.',
  representativeness: 'No patients are in the data.',
  relevance: 'Only for the phantom that the product itself draws; phantoms that can be bought were not measured.',
  fairnessApproach: 'Does not arise: no output concerns a person.',
  biasManagement: 'Does not arise: no output concerns a person.',
  subgroups: NO_PATIENTS,
  externalSource: NO_EXTERNAL,
  externalParty: NO_EXTERNAL,
  externalDemographics: NO_PATIENTS,
  externalProcess: NO_EXTERNAL,
  externalValidity: NO_EXTERNAL,
  externalFairness: NO_PATIENTS,
  outcomes: NO_PATIENTS,
  ...MAINTENANCE,
  fairnessMonitoring: 'Does not arise: no output concerns a person.',
  stakeholders: { notAssessed: 'Nobody outside the developers was consulted.' },
  patientDisclosure: NO_PATIENTS,
  weightsLicence: 'MIT',
  hazards: [
    {
      id: 'H-1',
      hazard: 'A fault of the imaging chain stays unseen',
      situation: 'The fault changes neither contrast, blur nor noise of the phantom',
      harm: 'Images of patients are degraded until somebody notices, and may be repeated',
      severity: 'minor',
      probability: 'occasional',
      control: 'The card says what the test cannot see; it replaces no acceptance or constancy test of a device',
      residualProbability: 'remote',
    },
  ],
}

/**
 * Declarations of packages that were shipped before cards could hold one. A released package is never changed, so these
 * stand beside it, bound to its digest.
 */
const SHIPPED: ReadonlyMap<string, CardDeclaration> = new Map([
  ['f6c357341ee0eed68a4b71e494646ef0b24d2c36978d48b49c94e2b7bc7c9893', CHEST],
  ['00e11d7431ce0ca431fcbbba9d9827fd4532e2a8536c069eae4182273a0d8e4c', CHEST],
  ['07dd60c1d7058c19524ddfe5a89b85b77f9c66176b49de22c8fa8b54cf3d5d05', PHANTOM],
])

/** What is declared of a package: by its own card, or for the oldest shipped packages beside it; empty for neither. */
export function declarationOf(digest: string, card: ModelCard): CardDeclaration {
  return card.declaration ?? SHIPPED.get(digest) ?? {}
}
