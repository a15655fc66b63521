import type { DesiredStateView } from '@leadglass/ui/contract/local-api'
import { type Finding, fail, ok, warning } from './checks.ts'

/** Whether this box can tell that what its hub wishes is the hub's. */
export function wishFindings({ document, refused, unsigned }: DesiredStateView): Finding {
  const check = 'wishes of the hub'
  if (refused !== null)
    return fail(
      check,
      `document ${refused.version} was refused: ${refused.code}`,
      'open the page "Hub" of the console; after a missed rotation or a first join confirm the fingerprint there',
    )
  if (unsigned)
    return warning(
      check,
      'unsigned: no key of the hub is pinned',
      'join the hub again or update it, then confirm its fingerprint on the page "Hub" of the console',
    )
  return ok(check, document === null ? 'none' : `document ${document.version} is the hub's`)
}
