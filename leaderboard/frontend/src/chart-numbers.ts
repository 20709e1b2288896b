// Numbers of full precision as numbers.py prints them: halves go to the even neighbour, as in Python.
import { isThere, type Value } from "./chart-scene.ts";

export const NONE = "–";

export function thousandths(value: number): number {
  const scaled = Math.abs(value) * 1000;
  // Only sixteenths lie exactly between two thousandths; toFixed rounds those up.
  const isTie = Number.isInteger(value * 16) && scaled % 1 === 0.5;
  const whole = isTie ? 2 * Math.round(scaled / 2) : Number(Math.abs(value).toFixed(3).replace(".", ""));
  return value < 0 ? -whole : whole;
}

/** Whole thousandths as they are printed: three decimals and a true minus. */
export function printed(thousands: number): string {
  const digits = String(Math.abs(thousands)).padStart(4, "0");
  return `${thousands < 0 ? "\u2212" : ""}${digits.slice(0, -3)}.${digits.slice(-3)}`;
}

export function shown(value: Value): string {
  return isThere(value) ? printed(thousandths(value)) : NONE;
}

/** An error as it follows its number; nothing where there is none. */
export function shownError(value: Value): string {
  return isThere(value) ? `±${shown(value).replace(/^0/, "")}` : "";
}

export function withError(value: Value, error: Value): string {
  return `${shown(value)} ${isThere(value) ? shownError(error) : ""}`.trimEnd();
}
