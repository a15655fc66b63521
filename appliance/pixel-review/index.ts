export { PixelReviewError, type PixelReviewErrorCode } from './errors.ts'
export { type ExportedObject, Exporter } from './exporter.ts'
export { type PassedObjectPorts, withPassedObject } from './passed-object.ts'
export { type PixelReview, ReviewDesk } from './review-desk.ts'
