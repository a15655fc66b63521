export { WEBHOOK_EVENTS } from './events.ts'
export { deliveryHeaders } from './signature.ts'
export { type Webhook, WebhookBook } from './webhook-book.ts'
export { WebhookSender } from './webhook-sender.ts'
