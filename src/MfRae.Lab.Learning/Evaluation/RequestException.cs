namespace MfRae.Lab.Learning.Evaluation;

/// <summary>The request asks for what its own inputs cannot give.</summary>
public sealed class RequestException(string message) : Exception(message);
