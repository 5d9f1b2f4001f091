namespace MfRae.Lab.Learning.Evaluation;

/// <param name="Kind">noise or blur.</param>
/// <param name="Level">Standard deviation: of noise in grey values, of blur in pixels; 0 is the image itself.</param>
public sealed record CorruptionRung(string Kind, double Level, double Fid);
