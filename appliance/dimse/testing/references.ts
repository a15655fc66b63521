import fc from 'fast-check'
import type { InstanceReference } from '../ports.ts'

/** UIDs as they occur. */
export const uids = fc.stringMatching(/^[0-9]{1,20}(\.[0-9]{1,5}){1,6}$/)

/** References to instances of a few, so that two lists often have some in common. */
export const references: fc.Arbitrary<InstanceReference> = fc.record({
  sopClassUid: fc.constantFrom('1.2.840.10008.5.1.4.1.1.1', '1.2.840.10008.5.1.4.1.1.2'),
  sopInstanceUid: fc.nat({ max: 9 }).map((number) => `1.2.3.${number}`),
})

/** As many different references. */
export function instancesOf(count: number): InstanceReference[] {
  return Array.from({ length: count }, (_, index) => ({
    sopClassUid: '1.2.840.10008.5.1.4.1.1.1',
    sopInstanceUid: `1.2.3.${index}`,
  }))
}
