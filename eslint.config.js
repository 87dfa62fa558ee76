import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

// Biome formats and lints syntax; ESLint is kept for what needs types, and for the complexity of functions.
// Biome breaks code; nothing else breaks comments.
const MAX_LEN = { code: 120, ignoreTemplateLiterals: true, ignoreRegExpLiterals: true, ignoreUrls: true };

export default tseslint.config(
  { ignores: ['dist', 'build', '**/node_modules', '**/dist', '**/__generated__', 'packages/testing/gateway'] },
  {
    files: ['**/*.{ts,tsx,js,mjs,cjs}'],
    languageOptions: { parser: tseslint.parser },
    // A message in one piece is found by searching for it.
    rules: { 'max-len': ['error', { ...MAX_LEN, ignoreStrings: true }] },
  },
  {
    // Descriptions of the schema are paragraphs.
    files: ['src/graphql/**'],
    rules: { 'max-len': ['error', MAX_LEN] },
  },
  {
    files: ['**/*.ts'],
    // The kits and the examples have lock files and compilers of their own.
    ignores: ['packages/**', 'examples/**'],
    extends: [eslint.configs.recommended, ...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.json' } },
    rules: {
      // A file is one idea, whatever its length; a function with more paths than this is two.
      complexity: ['error', { max: 28 }],
      // One private style: `#name`, which the language itself keeps. A constructor has no other.
      'no-restricted-syntax': [
        'error',
        {
          selector:
            ':matches(PropertyDefinition, MethodDefinition[kind!="constructor"], TSParameterProperty)[accessibility="private"]',
          message: 'Write #name for what is private.',
        },
      ],
      // Fields such as counters and ports in a message are plain numbers.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // type-graphql and Apollo plugins are classes and hooks whose shape the library dictates.
      '@typescript-eslint/no-extraneous-class': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  {
    // Tests read JSON off the wire and say what they expect of it; a schema in between would test the schema.
    files: ['test/**'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
);
