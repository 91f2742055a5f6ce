/**
 * Runs inside a realm (its text is evaluated there): gives every error the four fields that errors of
 * the product have, where nothing more is known of one. Assigning to a field makes it the error's own.
 */
export function installErrorFields(code: string): void {
  const fields: Readonly<Record<string, (error: Error) => unknown>> = {
    errorMessage: (error) => error.message,
    errorCode: () => code,
    errorDescription: (error) => error.message,
    errorSuggestion: () => "",
  };
  for (const [name, read] of Object.entries(fields)) {
    Object.defineProperty(Error.prototype, name, {
      get(this: Error) {
        return read(this);
      },
      set(this: Error, value: unknown) {
        Object.defineProperty(this, name, {
          value,
          writable: true,
          enumerable: true,
          configurable: true,
        });
      },
      configurable: true,
    });
  }
}
