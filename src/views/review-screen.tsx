import { type Key, useInput } from 'ink';
import { ReviewView, type ReviewViewProps } from './review-view.tsx';

export interface ReviewScreenProps extends ReviewViewProps {
  readonly onKey: (input: string, key: Key) => void;
}

/** The view with a keyboard. */
export function ReviewScreen({ onKey, ...view }: ReviewScreenProps) {
  useInput(onKey);
  return <ReviewView {...view} />;
}
