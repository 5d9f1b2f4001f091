namespace MfRae.Lab.Tracking.Exchange;

/// <summary>Writes the rows of one view to one file, holding no more than a part of them.</summary>
internal interface IRowWriter : IDisposable
{
    void Write(object?[] row);

    /// <summary>After the last row. Without it the file is not whole.</summary>
    void Finish();
}
