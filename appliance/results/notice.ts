/** Stands in every picture, presentation and segmentation, and in what is told over FHIR. */
export const NOT_FOR_DIAGNOSIS = 'AI result, not for diagnosis'
