import type { EnrolmentList } from '@leadglass/ui/contract/hub-api'
import { type Finding, fail, ok, warning } from './checks.ts'

const DAY_MS = 86_400_000
/** Part of a certificate's life that is left when it should have been renewed long ago. */
const LATE = 0.3

/** The certificate of this box, and whether the hub still listens to it. @param device the box of this instance. */
export function certificates({ devices }: EnrolmentList, device: string, now = Date.now()): Finding {
  const check = 'certificate'
  const own = devices.find((one) => one.device === device)
  if (own === undefined)
    return fail(check, `the hub does not know ${device}`, 'invite it and enrol it: see enrolment.md')
  if (own.revokedAt !== null) return fail(check, `${device} was revoked`, 'enrol the box under a new name')
  if (own.heldReason !== null) {
    return fail(
      check,
      `${device} is held: ${own.heldReason}`,
      'find the copy; then invite the box again, or release it',
    )
  }
  const days = (Date.parse(own.notAfter) - now) / DAY_MS
  const found = `${device}, ${Math.floor(days)} days left`
  if (days <= 0)
    return fail(check, `${device}: expired`, 'make a code with "leadglass fleet invite", then "leadglass enrol"')
  const life = (Date.parse(own.notAfter) - Date.parse(own.enrolledAt)) / DAY_MS
  return days < LATE * Math.min(life, 30)
    ? warning(check, found, 'it should have renewed by itself: look at the link to the hub')
    : ok(check, found)
}
