import type { EnvelopeBody } from './bodies.ts'

/** What a field that leaves can say. A field that fits no class has no place in an envelope. */
export const FIELD_CLASSES = {
  kind: 'the word that says which kind of envelope it is',
  pseudonym: 'a keyed pseudonym of 128 bits, or an identifier drawn at random',
  measurement: 'a figure computed from pixels, or of the box itself',
  code: 'a word of a closed vocabulary',
  count: 'a number of things, or the place of one in an order',
  flag: 'yes or no',
  month: 'a month; of a study in the shifted calendar of the patient',
  hour: 'the hour at whose end counts of eleven and more left the box; never of a study',
  decade: 'a decade of age, 90 and above in one',
  model: 'name, version and manifest digest of a model package',
  version: 'the version of the software',
  proof: 'a digest over digests of envelopes that left or over settings, or a signature of the device over one',
  log: 'an entry or a signed checkpoint of the audit log, whose own schema has codes and pseudonyms only',
} as const
export type FieldClass = keyof typeof FIELD_CLASSES

const MODEL = { 'model.name': 'model', 'model.version': 'model', 'model.digest': 'model' } as const
const STUDY = { study: 'pseudonym', patient: 'pseudonym', revision: 'count', generation: 'count' } as const

/**
 * The class of every field of every body. `[]` is each element of a list, `{}` each key of a record and `{}.` its value.
 * A test walks the schemas and fails for a field that is missing here, or stands here and not in the schema.
 */
export const FIELD_CLASS_OF: Readonly<Record<EnvelopeBody['kind'], Readonly<Record<string, FieldClass>>>> = {
  'instance-features': {
    kind: 'kind',
    ...STUDY,
    instance: 'count',
    'acquisition.modality': 'code',
    'acquisition.view': 'code',
    'acquisition.sex': 'code',
    'acquisition.ageDecade': 'decade',
    'acquisition.month': 'month',
    ...MODEL,
    embedding: 'measurement',
    'scores[].code': 'code',
    'scores[].value': 'measurement',
    'scores[].thresholdMilli': 'measurement',
    'scores[].above': 'flag',
    'quality{}': 'code',
    'quality{}.': 'measurement',
  },
  'not-scored': { kind: 'kind', ...STUDY, instance: 'count', reason: 'code' },
  'study-revision': { kind: 'kind', ...STUDY, 'causes[]': 'code', 'sameInstances[]': 'count' },
  'study-label': {
    kind: 'kind',
    label: 'pseudonym',
    ...STUDY,
    finding: 'code',
    value: 'code',
    reader: 'pseudonym',
    blind: 'flag',
  },
  'drift-counts': {
    kind: 'kind',
    ...MODEL,
    feature: 'code',
    month: 'month',
    hour: 'hour',
    'cells[].bin': 'count',
    'cells[].count': 'count',
  },
  'deployment-statistics': {
    kind: 'kind',
    ...MODEL,
    'champion.model.name': 'model',
    'champion.model.version': 'model',
    'champion.model.digest': 'model',
    role: 'code',
    month: 'month',
    'cells[].measure': 'code',
    'cells[].code': 'code',
    'cells[].bin': 'count',
    'cells[].count': 'count',
  },
  'audit-leaf': { kind: 'kind', index: 'count', leaf: 'log' },
  'audit-checkpoint': { kind: 'kind', note: 'log' },
  'epoch-root': {
    kind: 'kind',
    epoch: 'count',
    serial: 'count',
    run: 'count',
    closed: 'flag',
    envelopes: 'count',
    root: 'proof',
    'ranges[].stream': 'code',
    'ranges[].from': 'count',
    'ranges[].to': 'count',
    'ranges[].root': 'proof',
    signature: 'proof',
  },
  'device-health': {
    kind: 'kind',
    softwareVersion: 'version',
    'models[].model.name': 'model',
    'models[].model.version': 'model',
    'models[].model.digest': 'model',
    'models[].state': 'code',
    'figures{}': 'code',
    'figures{}.': 'measurement',
  },
  'reported-state': {
    kind: 'kind',
    version: 'count',
    full: 'flag',
    previous: 'proof',
    chain: 'proof',
    'changes.software.version': 'version',
    'changes.desired.version': 'count',
    'changes.desired.digest': 'proof',
    'changes.desired.state': 'code',
    'changes.desired.parts[].section': 'code',
    'changes.desired.parts[].state': 'code',
    'changes.desired.parts[].reason': 'code',
    'changes.settings.version': 'count',
    'changes.settings.digest': 'proof',
    'changes.models[].model.name': 'model',
    'changes.models[].model.version': 'model',
    'changes.models[].model.digest': 'model',
    'changes.activations[].model.name': 'model',
    'changes.activations[].model.version': 'model',
    'changes.activations[].model.digest': 'model',
    'changes.activations[].state': 'code',
    'changes.activations[].attempts': 'count',
    'changes.updates.verifiedSeconds': 'count',
    'changes.updates.refused': 'code',
    'changes.hubMayDecide[]': 'code',
    signature: 'proof',
  },
}

/** The table as Markdown, for the documentation. */
export function fieldClassesAsMarkdown(): string {
  const lines = [
    '# Every field that can leave',
    '',
    'Written by a test from `sync-agent/contract/field-classes.ts`; the test also keeps it complete.',
    '',
    '| class | what it can say |',
    '|---|---|',
    ...Object.entries(FIELD_CLASSES).map(([name, words]) => `| ${name} | ${words} |`),
  ]
  for (const [kind, fields] of Object.entries(FIELD_CLASS_OF)) {
    lines.push('', `## ${kind}`, '', '| field | class |', '|---|---|')
    for (const [path, name] of Object.entries(fields)) lines.push(`| \`${path}\` | ${name} |`)
  }
  return `${lines.join('\n')}\n`
}
