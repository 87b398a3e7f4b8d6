import { useEffect, useState } from "react";

const TICK_MS = 1000;

/** The seconds since it was first shown, from the first one on. */
export function Elapsed() {
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setSeconds((before) => before + 1), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return seconds > 0 && <span aria-hidden>{seconds} s</span>;
}
