/* The text and the words of the two searches. */
enum { LENGTH = 1 << 16, NEEDLES = 5 };
static u8 text[LENGTH + 32] __attribute__((aligned(16)));
static const char *const needles[NEEDLES] = {"needle in it", "zebra", "on the other hand", "qx", "the"};

static void make_text(void) {
  static const char *const words[] = {"the ", "other ", "hand ", "on ", "needle ", "in ", "it ", "on the other hand ", "zeb", "haystack "};
  random_state = 9;
  u32 at = 0;
  while (at < LENGTH) {
    const char *word = words[random_bits() % 10];
    while (*word && at < LENGTH) text[at++] = (u8)*word++;
    if (random_bits() % 64 == 0 && at < LENGTH) text[at++] = 'q';
  }
  text[LENGTH] = 0;
}
