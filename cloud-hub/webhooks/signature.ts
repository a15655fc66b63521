import { createHmac } from 'node:crypto'

/**
 * The headers of a delivery: HMAC-SHA-256 over `delivery.timestamp.body` in base64 with the version before it, in the
 * names and the form of MLflow's webhooks, so that receivers written for those verify ours.
 * @param secondsNow Unix time; the receiver refuses what is old.
 */
export function deliveryHeaders(
  secret: string,
  delivery: string,
  secondsNow: number,
  body: string,
): Readonly<Record<string, string>> {
  const signature = createHmac('sha256', secret).update(`${delivery}.${secondsNow}.${body}`).digest('base64')
  return {
    'content-type': 'application/json',
    'x-mlflow-signature': `v1,${signature}`,
    'x-mlflow-delivery-id': delivery,
    'x-mlflow-timestamp': String(secondsNow),
  }
}
