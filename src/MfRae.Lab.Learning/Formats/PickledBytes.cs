namespace MfRae.Lab.Learning.Formats;

/// <summary>Bytes of a pickle, as Python 3 writes them where Python 2 must be able to read them: a text of one letter for each.</summary>
internal sealed record PickledBytes(byte[] Content);
