/** Belay's mark: a belay device seen from the side, the rope in its slot. */
export function Logo({ size = 18 }: { readonly size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 32 32"
      fill="none"
      stroke="var(--accent)"
      strokeWidth="3.2"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d="M12 5H11A6 6 0 0 0 5 11V21A6 6 0 0 0 11 27H21A6 6 0 0 0 27 21V11A6 6 0 0 0 21 5H20" />
      <path d="M16 4V16" />
      <circle cx="16" cy="18.5" r="2.2" fill="var(--accent)" stroke="none" />
    </svg>
  )
}
