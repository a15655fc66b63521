/** Origin of the hub's own log. */
export const HUB_LOG_ORIGIN = 'leadglass/hub/audit'

/** Name of the hub as a witness of its sites' logs. */
export const WITNESS_NAME = 'leadglass/hub/witness'

/** Origin of a site's log. */
export function siteLogOrigin(device: string): string {
  return `leadglass/${device}/audit`
}

/** Name of a device as a witness of the hub's log. */
export function deviceWitnessName(device: string): string {
  return `leadglass/${device}/witness`
}
