"""Commands of `hmix contribute`: thin, one module each."""
