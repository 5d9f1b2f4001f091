namespace MfRae.Lab.Learning.Formats;

/// <summary>A type of numpy's inside a pickle.</summary>
/// <param name="name">As `f8`.</param>
internal sealed class PickledNumbers(string name)
{
    private bool _bigEndian;
    private bool _structured;

    public string Name => _bigEndian ? ">" + name : name;

    /// <summary>Null where it is none that is read.</summary>
    public ElementType? Type => _bigEndian || _structured ? null : ElementType.All.FirstOrDefault(type => type.Numpy.Length > 0 && type.Numpy == name);

    /// <summary>(version, byte order, and what only types of several fields have). False where it is another state.</summary>
    public bool Build(object?[] state)
    {
        if (state is not [long, "<" or ">" or "|" or "=", _, _, _, ..])
            return false;
        _bigEndian = state[1] is ">";
        _structured = state[2] is not null || state[3] is not null || state[4] is not null;
        return true;
    }
}
