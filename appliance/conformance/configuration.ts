import {
  type AcceptancePolicy,
  DEFAULT_ACCEPTANCE,
  DEFAULT_LIMITS,
  DEFAULT_PROVIDER_LIMITS,
  DEFAULT_TIMEOUTS,
  type DimseServerLimits,
  type RequesterTimeouts,
} from '../dimse/index.ts'
import { type Settings, settingsSchema } from '../settings.ts'
import { CONFIRM_TIMEOUT_MS } from '../settings-archives.ts'

/** What a conformance statement is made from: what the composition root builds, and what the site has set. */
export interface ConformanceConfiguration {
  readonly softwareVersion: string
  readonly aeTitle: string
  readonly host: string
  readonly dimsePort: number
  readonly settings: Settings
  readonly limits: DimseServerLimits
  readonly timeouts: RequesterTimeouts
  readonly acceptance: AcceptancePolicy
  /** Services besides Verification and Storage that are wired. */
  readonly services: {
    readonly commitmentScp: boolean
    readonly commitmentScu: boolean
    readonly queryScp: boolean
    readonly queryRetrieveScu: boolean
  }
  readonly commitment: {
    readonly reportDelayMs: number
    readonly abandonAfterMs: number
    readonly reportTimeoutMs: number
  }
}

/** The appliance as it is installed, before a site has changed anything. */
export const DEFAULT_CONFORMANCE: ConformanceConfiguration = {
  softwareVersion: '0.1.0',
  aeTitle: 'LEADGLASS',
  host: '127.0.0.1',
  dimsePort: 11_112,
  settings: settingsSchema.parse({}),
  limits: DEFAULT_LIMITS,
  timeouts: DEFAULT_TIMEOUTS,
  acceptance: DEFAULT_ACCEPTANCE,
  services: { commitmentScp: true, commitmentScu: true, queryScp: true, queryRetrieveScu: true },
  commitment: {
    reportDelayMs: DEFAULT_PROVIDER_LIMITS.reportDelayMs,
    abandonAfterMs: DEFAULT_PROVIDER_LIMITS.abandonAfterMs,
    reportTimeoutMs: CONFIRM_TIMEOUT_MS,
  },
}
