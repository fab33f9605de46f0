/** Frames that zstd 1.5 has written, in base64, and what they hold. */
export const ZSTD_OF_OTHERS = {
  words: {
    text: `${'accepted rejected withdrawn deferred '.repeat(20)}${Array.from({ length: 150 }, (_, i) => i).join(' ')}`,
    bytes:
      'KLUv/WDNA80IABZePBagp5oDYLu9sX9+2wBwTERERIjC/mcNQAAyADIAMneOOWWUTza5ZJJHFrlyyNmxX7denfp06e3Rc/y2a3qWe1wwHA4GAUNhgwSAQ2EA' +
      'gSAhwFBgOFwwIBwYAgIAAsvdO+600T7b7LLJHlvs2mFnjfXVVldN9dRSt446aaSPNrpooocWunTQOeN8s8010zxzZ3SMftEtekWn6BNdojd6RM8c88str5zy' +
      'ySVvHnniiB9ueOGEDy548cDzxvtuu+umey5JHakfdaNe1Im6UC/1oJ7TcfpNt+k1nabP9E6P6SkdpZ90k17SSfpIF+khPdupvQ0MAKjdKGDc0GMbIrSxQRsG' +
      'tBF+NqhnA/BsDEs665p5IVUhraIE',
  },
  'with a checksum': {
    text: 'hello hello hello hello',
    bytes: 'KLUv/SQXZQAAMGhlbGxvIAEAmUsRF16uDQ==',
  },
  nothing: { text: '', bytes: 'KLUv/SAAAQAA' },
  'two frames and one to skip': {
    text: 'one two',
    bytes: 'KLUv/SAEIQAAb25lIFIqTRgDAAAAAQIDKLUv/SADGQAAdHdv',
  },
} as const;
