/** One field of a form for a wish. */
export interface WishField {
  readonly name: string
  readonly label: string
  readonly placeholder: string
}

/** A kind of wish that can be made on the page: what is asked, and the section that follows from it. */
export interface WishKind {
  readonly value: string
  readonly label: string
  readonly fields: readonly WishField[]
  /** @returns the section's name and content; undefined while a field does not hold what it should. */
  readonly section: (fields: Readonly<Record<string, string>>) => readonly [string, unknown] | undefined
}

const field = (name: string, label: string, placeholder: string): WishField => ({ name, label, placeholder })
const WINDOW = /^\d{2}:\d{2}-\d{2}:\d{2}$/
const DIGEST = /^[0-9a-f]{64}$/

/** The kinds, in the order in which people look for them. Anything else is wished with "leadglass fleet desired set". */
export const WISH_KINDS: readonly WishKind[] = [
  {
    value: 'model',
    label: 'Assign a model',
    fields: [
      field('name', 'Model', 'chest-radiograph'),
      field('version', 'Version', '1.2.0'),
      field('digest', 'Digest', '64 hexadecimal digits'),
    ],
    section: ({ name = '', version = '', digest = '' }) =>
      name !== '' && version !== '' && DIGEST.test(digest) ? ['assignments', [{ name, version, digest }]] : undefined,
  },
  {
    value: 'bandwidth',
    label: 'Limit the line to the hub',
    fields: [field('bytes', 'Bytes per second', '250000')],
    section: ({ bytes = '' }) =>
      /^[1-9]\d{2,9}$/.test(bytes) ? ['schedules', { 'sync.bytesPerSecond': Number(bytes) }] : undefined,
  },
  {
    value: 'retention',
    label: 'Minutes of a retention run',
    fields: [field('minutes', 'Minutes', '60')],
    section: ({ minutes = '' }) =>
      /^[1-9]\d{0,3}$/.test(minutes) ? ['schedules', { 'retention.windowMinutes': Number(minutes) }] : undefined,
  },
  {
    value: 'profile',
    label: 'De-identification profile',
    fields: [field('profile', 'Profile', 'research')],
    section: ({ profile = '' }) =>
      /^[a-z][a-z0-9-]{0,39}$/.test(profile) ? ['deidentification', { profile }] : undefined,
  },
  {
    value: 'backfill',
    label: 'Backfill past studies in a window',
    fields: [
      field('model', 'Model', 'chest-radiograph'),
      field('window', 'Window', '22:00-06:00'),
      field('zone', 'Time zone', 'Europe/Berlin'),
    ],
    section: ({ model = '', window = '', zone = '' }) =>
      model !== '' && WINDOW.test(window)
        ? ['backfill', { id: newIdentifier(), model, window, deliver: false, ...(zone === '' ? {} : { zone }) }]
        : undefined,
  },
  {
    value: 'restart-workers',
    label: 'Restart the scoring workers',
    fields: [],
    section: () => ['command', { id: newIdentifier(), act: 'restart-workers' }],
  },
  {
    value: 'test-models',
    label: 'Run the golden cases of its models',
    fields: [],
    section: () => ['command', { id: newIdentifier(), act: 'test-models' }],
  },
]

/** A version 4 UUID (RFC 9562). `crypto.randomUUID` is missing on pages that come over plain HTTP. */
export function newIdentifier(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const text = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return text.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

/** The whole wish after an edit: acts of earlier wishes are not carried along, everything else stands. */
export function withSection(before: unknown, [name, content]: readonly [string, unknown]): Record<string, unknown> {
  const { command: _command, backfill: _backfill, ...kept } = (before ?? {}) as Record<string, unknown>
  if (name !== 'schedules') return { ...kept, [name]: content }
  return { ...kept, schedules: { ...(kept.schedules as object | undefined), ...(content as object) } }
}
