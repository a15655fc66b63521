/** The strip that is on every screen, signed in or not; it cannot be closed. */
export function NotForDiagnosis() {
  return (
    <div className="page-strip" role="note">
      <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
        <path d="M6 1 11.2 10.6H.8Z" fill="currentColor" />
      </svg>
      <span>
        <strong>Not for diagnostic use.</strong> AI output is for prioritisation and quality work; read the original
        images in the diagnostic viewer.
      </span>
    </div>
  )
}
