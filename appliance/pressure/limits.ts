/** What one association has brought, and what is held altogether, in instances and bytes of data sets. */
export interface Usage {
  readonly associationInstances: number
  readonly associationBytes: number
  readonly heldBytes: number
}

/** Bounds of an intake. `maximumHeldBytes` absent: the marks of the disk alone decide. */
export interface IntakeLimits {
  readonly maximumInstancesPerAssociation: number
  readonly maximumBytesPerAssociation: number
  readonly maximumHeldBytes?: number | undefined
}

/** Comments that go to the sender beside A700H (PS3.4 B.2.3): at most 64 characters, no identity. */
const COMMENTS = {
  'association-instances': 'association brought as many instances as it may',
  'association-bytes': 'association brought as many bytes as it may',
  'held-bytes': 'this node holds as much as it may',
} as const

/** The limit that an instance would pass; `undefined` when it may come. */
export function limitReached(usage: Usage, limits: IntakeLimits): keyof typeof COMMENTS | undefined {
  if (usage.associationInstances > limits.maximumInstancesPerAssociation) return 'association-instances'
  if (usage.associationBytes > limits.maximumBytesPerAssociation) return 'association-bytes'
  if (limits.maximumHeldBytes !== undefined && usage.heldBytes > limits.maximumHeldBytes) return 'held-bytes'
  return undefined
}

/** The words for the sender. */
export function commentOf(limit: keyof typeof COMMENTS): string {
  return COMMENTS[limit]
}
