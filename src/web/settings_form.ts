// The form of the settings: fields, presets, methods.

/// <reference lib="dom" />

import { builtInMethods, type MethodName } from "../federated/methods/registry.ts";
import {
  numberFields,
  type NumberName,
  type PageSettings,
  presets,
  presetSettings,
} from "./settings.ts";

/** The form of a page. */
export class SettingsForm {
  readonly #numbers = new Map<NumberName, HTMLInputElement>();
  readonly #methods = new Map<MethodName, HTMLInputElement>();

  /** @param onChange called whenever something is chosen */
  constructor(private readonly form: HTMLFormElement, onChange: () => void) {
    for (const [name, { label, least, most, step }] of Object.entries(numberFields)) {
      const input = inputOf("number", name);
      [input.min, input.max, input.step] = [least, most, step].map(String);
      input.required = true;
      this.#numbers.set(name as NumberName, input);
      form.querySelector("#numbers")!.append(labelled(label, input, "before"));
    }
    for (const [name, { title }] of Object.entries(builtInMethods)) {
      const input = inputOf("checkbox", `method-${name}`);
      this.#methods.set(name as MethodName, input);
      form.querySelector("#methods")!.append(labelled(title ?? name, input, "after"));
    }
    for (const name of Object.keys(presets)) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = name;
      button.addEventListener("click", () => {
        this.write(presetSettings(name));
        onChange();
      });
      form.querySelector("#presets")!.append(button);
    }
    form.addEventListener("change", onChange);
    form.addEventListener("submit", (event) => event.preventDefault());
  }

  /** Shows settings in the fields. */
  write(settings: PageSettings): void {
    for (const [name, input] of this.#numbers) input.value = String(settings[name]);
    for (const [name, input] of this.#methods) input.checked = settings.methods.includes(name);
  }

  /** Null where a field is not what it may be, which the browser shows then. */
  read(): PageSettings | null {
    const methods = [...this.#methods].filter(([, { checked }]) => checked).map(([name]) => name);
    if (methods.length === 0 || !this.form.reportValidity()) return null;
    const numbers = Object.fromEntries(
      [...this.#numbers].map(([name, input]) => [name, Number(input.value)]),
    ) as Record<NumberName, number>;
    return { methods, ...numbers };
  }

  /** While a run is under way its settings stay. */
  enable(enabled: boolean): void {
    for (const element of this.form.elements) {
      (element as HTMLInputElement).disabled = !enabled;
    }
  }
}

function inputOf(type: string, name: string): HTMLInputElement {
  const input = document.createElement("input");
  return Object.assign(input, { type, name, id: name });
}

function labelled(text: string, input: HTMLInputElement, side: "before" | "after"): HTMLElement {
  const label = document.createElement("label");
  const words = document.createElement("span");
  words.textContent = text;
  label.append(...side === "before" ? [words, input] : [input, words]);
  return label;
}
