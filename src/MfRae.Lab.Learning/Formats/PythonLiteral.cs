using System.Globalization;
using System.Text;

namespace MfRae.Lab.Learning.Formats;

/// <summary>
/// Reads a Python literal, as `ast.literal_eval` does: a dictionary, list, tuple, string, whole number, True, False or None. A dictionary
/// becomes a <see cref="Dictionary{TKey, TValue}"/> with string keys, a list or tuple a <see cref="List{T}"/>, a number a long.
/// </summary>
internal ref struct PythonLiteral
{
    private const int Deepest = 16;

    private readonly ReadOnlySpan<char> _text;
    private int _next;
    private int _depth;

    private PythonLiteral(ReadOnlySpan<char> text) => _text = text;

    /// <summary>Parses the whole text. Returns false for any other text, or for more than 16 levels of nesting.</summary>
    public static bool TryRead(ReadOnlySpan<char> text, out object? value)
    {
        var reader = new PythonLiteral(text);
        return reader.Value(out value) && reader.Peek() == '\0' && reader._next >= text.TrimEnd().Length;
    }

    private bool Value(out object? value)
    {
        value = null;
        if (++_depth > Deepest)
            return false;
        var read = Peek() switch
        {
            '{' => Dictionary(out value),
            '[' => Items(']', out value),
            '(' => Items(')', out value),
            '\'' or '"' => Text(out value),
            '-' or (>= '0' and <= '9') => Number(out value),
            _ => Word(out value),
        };
        _depth--;
        return read;
    }

    private bool Dictionary(out object? value)
    {
        var entries = new Dictionary<string, object?>();
        value = entries;
        for (Take('{'); !Take('}');)
        {
            if (!Text(out var key) || !Take(':') || !Value(out var item) || !entries.TryAdd((string)key!, item))
                return false;
            if (!Take(',') && Peek() != '}')
                return false;
        }
        return true;
    }

    private bool Items(char end, out object? value)
    {
        var items = new List<object?>();
        value = items;
        var comma = false;
        for (_next++; !Take(end);)
        {
            if (!Value(out var item))
                return false;
            items.Add(item);
            comma = Take(',');
            if (!comma && Peek() != end)
                return false;
        }

        // (x) is x in parentheses, (x,) a tuple.
        if (end == ')' && items.Count == 1 && !comma)
            value = items[0];
        return true;
    }

    private bool Text(out object? value)
    {
        value = null;
        if (Peek() is 'u' or 'b' && _next + 1 < _text.Length && _text[_next + 1] is '\'' or '"')
            _next++;
        var quote = Peek();
        if (quote is not ('\'' or '"'))
            return false;
        var letters = new StringBuilder();
        for (_next++; _next < _text.Length && _text[_next] != quote; _next++)
        {
            if (_text[_next] == '\\' && ++_next >= _text.Length)
                return false;
            letters.Append(_text[_next]);
        }
        value = letters.ToString();
        return _next++ < _text.Length;
    }

    private bool Number(out object? value)
    {
        var start = _next++;
        while (_next < _text.Length && char.IsAsciiDigit(_text[_next]))
            _next++;
        var read = long.TryParse(_text[start.._next], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number);
        value = number;

        // The form in which Python 2 wrote numbers of its type long.
        if (_next < _text.Length && _text[_next] is 'L' or 'l')
            _next++;
        return read;
    }

    private bool Word(out object? value)
    {
        if (Peek() is 'u' or 'b')
            return Text(out value);
        foreach (var (word, meaning) in new (string, object?)[] { ("True", true), ("False", false), ("None", null) })
        {
            if (_text[_next..].StartsWith(word, StringComparison.Ordinal))
            {
                _next += word.Length;
                value = meaning;
                return true;
            }
        }
        value = null;
        return false;
    }

    private bool Take(char wanted)
    {
        if (Peek() != wanted)
            return false;
        _next++;
        return true;
    }

    // The next character except white space; '\0' at the end.
    private char Peek()
    {
        while (_next < _text.Length && _text[_next] is ' ' or '\t' or '\n' or '\r')
            _next++;
        return _next < _text.Length ? _text[_next] : '\0';
    }
}
