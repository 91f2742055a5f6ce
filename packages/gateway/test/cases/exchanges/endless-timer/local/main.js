setTimeout(() => { for (;;); }, 1);
