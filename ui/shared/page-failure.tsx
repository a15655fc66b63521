import { useState } from 'react'

/** Stands in place of a page whose program could not be fetched or that failed while it was shown. Nothing is lost by it. */
export function PageFailure() {
  const [away, setAway] = useState(false)
  // A load without a service would leave the browser's own page of errors, from which no way leads back here.
  const loadAgain = async () => {
    const answered = await fetch('/api/session').then(
      () => true,
      () => false,
    )
    if (answered) window.location.reload()
    else setAway(true)
  }
  return (
    <div className="panel framed" role="alert">
      <strong>This page could not be opened.</strong>
      <div>Its program did not come, or it failed while it was shown. What the service does goes on without it.</div>
      <div className="quiet">
        {away ? 'The service cannot be reached. Try again when it can.' : 'Try again; after an update this is enough.'}
      </div>
      <div>
        <button type="button" onClick={() => void loadAgain()}>
          Try again
        </button>
      </div>
    </div>
  )
}
