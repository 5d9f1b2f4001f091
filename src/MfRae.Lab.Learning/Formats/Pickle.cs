using System.Numerics;
using System.Text;
using MfRae.Lab.Core;

namespace MfRae.Lab.Learning.Formats;

/// <summary>
/// Reads a pickle as data. A pickle is a program for a stack machine; this reader knows the instructions with which torch.save writes
/// tensors, numpy arrays, dictionaries, lists, tuples, sets, bytes, numbers and strings. It calls no function: of the functions and
/// classes that a pickle names, it knows those of <see cref="PickledGlobal"/>; all others become a <see cref="PickledObject"/>.
/// </summary>
/// <exception cref="LabException">All members: the pickle is damaged, or names a function that runs programs.</exception>
internal sealed class PickleReader(FileBytes file, ByteCursor cursor, string what)
{
    /// <summary>The largest pickle in bytes. Pickles of large checkpoints have a few megabytes: the values are in other records.</summary>
    public const long Longest = 1 << 26;

    // Far above the need of checkpoints (about 2,000), and far below a number that would exhaust memory.
    private const int MostEntries = 1 << 20;
    private const long LongestName = 1000;

    private readonly List<object?> _stack = [];
    private readonly List<int> _marks = [];
    private readonly Dictionary<long, object?> _memo = [];
    private readonly List<PickledStorage> _storages = [];
    private readonly StringBuilder _line = new();
    private long _bytes;

    /// <summary>Every storage that the pickle names, possibly more than once.</summary>
    public IReadOnlyList<PickledStorage> Storages => _storages;

    /// <summary>The value of the pickle. Afterwards the cursor is at its end.</summary>
    public object? Read()
    {
        while (true)
        {
            var place = cursor.Position;
            var code = cursor.Byte();
            if (code == PickleCode.Stop)
                return _stack.Count == 1 && _marks.Count == 0 ? _stack[0] : throw file.Broken($"leaves {what} unfinished");
            if (!(ReadValue(code) || ReadReference(code, place) || ReadContainer(code, place)))
            {
                throw new LabException($"the file {file.Path} uses {PickleCode.NameOf(code)} at byte {place}, in {what}. It is "
                    + "refused: only the instructions of torch.save are read");
            }
        }
    }

    private bool ReadValue(byte code)
    {
        switch (code)
        {
            case PickleCode.Protocol:
                var protocol = cursor.Byte();
                return protocol is >= 2 and <= 5 ? true : throw file.Broken($"has {what} of protocol {protocol}; 2 to 5 are read");
            case PickleCode.Frame:
                cursor.Take(8);
                return true;
            case PickleCode.None:
                return Push(null);
            case PickleCode.True:
                return Push(true);
            case PickleCode.False:
                return Push(false);
            case PickleCode.Int32:
                return Push((long)cursor.Int32());
            case PickleCode.Int8:
                return Push((long)cursor.Byte());
            case PickleCode.Int16:
                return Push((long)cursor.UInt16());
            case PickleCode.Long:
                return Push(Integer(cursor.Take(cursor.Byte())));
            case PickleCode.Float:
                return Push(cursor.BigEndianDouble());
            case PickleCode.ShortText or PickleCode.ShortBytesText:
                return Push(Text(cursor.Byte()));
            case PickleCode.ShortBytes:
                return Push(Counted(new(cursor.Take(cursor.Byte()).ToArray())));
            case PickleCode.Bytes:
                return Push(Counted(new(cursor.Take(cursor.UInt32()).ToArray())));
            case PickleCode.LongBytes or PickleCode.ByteArray:
                return Push(Counted(new(cursor.Take(cursor.Int64()).ToArray())));
            case PickleCode.Text or PickleCode.BytesText:
                return Push(Text(cursor.UInt32()));
            case PickleCode.LongText:
                return Push(Text(cursor.Int64()));
            default:
                return false;
        }
    }

    private bool ReadReference(byte code, long place)
    {
        switch (code)
        {
            case PickleCode.Put:
                return Remember(cursor.Byte());
            case PickleCode.LongPut:
                return Remember(cursor.UInt32());
            case PickleCode.Memoize:
                return Remember(_memo.Count);
            case PickleCode.Get:
                return Push(Recall(cursor.Byte()));
            case PickleCode.LongGet:
                return Push(Recall(cursor.UInt32()));
            case PickleCode.Global:
                return Push(Named($"{Line()}.{Line()}", place));
            case PickleCode.StackGlobal:
                var name = Pop<string>(place);
                return Push(Named($"{Pop<string>(place)}.{name}", place));
            case PickleCode.PersistentId:
                return Push(Storage(Pop<object?[]>(place), place));
            case PickleCode.Reduce or PickleCode.NewObject:
                var arguments = Pop<object?[]>(place);
                return Push(Called(Pop<object>(place), arguments, place));
            case PickleCode.NewObjectWithKeywords:
                PopMany(1, place);
                var positional = Pop<object?[]>(place);
                return Push(Called(Pop<object>(place), positional, place));
            case PickleCode.Build:
                return Build(PopMany(1, place)[0], place);
            default:
                return false;
        }
    }

    private bool ReadContainer(byte code, long place)
    {
        switch (code)
        {
            case PickleCode.EmptyDictionary:
                return Push(new PickledDictionary());
            case PickleCode.EmptyList:
                return Push(new List<object?>());
            case PickleCode.EmptyTuple:
                return Push(Array.Empty<object?>());
            case PickleCode.Mark:
                _marks.Add(_stack.Count);
                return _marks.Count <= MostEntries ? true : throw Senseless("opens too much", place);
            case PickleCode.Tuple:
                return Push(PopToMark(place));
            case PickleCode.Tuple1 or PickleCode.Tuple2 or PickleCode.Tuple3:
                return Push(PopMany(code - PickleCode.Tuple1 + 1, place));
            case PickleCode.Append:
                return Append(PopMany(1, place), place);
            case PickleCode.Appends or PickleCode.AddItems:
                return Append(PopToMark(place), place);
            case PickleCode.EmptySet:
                return Push(new PickledObject("set", place));
            case PickleCode.FrozenSet:
                PopToMark(place);
                return Push(new PickledObject("frozenset", place));
            case PickleCode.SetItem:
                return SetItems(PopMany(2, place), place);
            case PickleCode.SetItems:
                return SetItems(PopToMark(place), place);
            default:
                return false;
        }
    }

    // A string may be converted to bytes repeatedly, but the total must not exceed the size of the file.
    private PickledBytes Counted(PickledBytes bytes) => (_bytes += bytes.Content.Length) <= file.Length
        ? bytes
        : throw file.Broken($"makes more bytes than it has, in {what}");

    // A storage of an unsupported class has no readable tensor. Its length in the file is known for some classes only.
    private object Storage(object?[] id, long place)
    {
        if (id is ["storage", PickledObject unread, string, string, ..])
            return unread;
        _storages.Add(PickleCalls.Storage(id) ?? throw Senseless("names a storage", place));
        return _storages[^1];
    }

    private object Called(object callee, object?[] arguments, long place)
    {
        if (callee is PickledObject unread)
            return unread;
        if (callee is not PickledGlobal function)
            throw Senseless("calls a value", place);
        var result = PickleCalls.Result(function, arguments) ?? PickleCalls.Unread(arguments, place)
            ?? throw Senseless($"calls {function.Name}", place);
        return result is PickledBytes bytes ? Counted(bytes) : result;
    }

    private bool Append(object?[] items, long place)
    {
        switch (Top<object>(place))
        {
            case List<object?> list:
                list.AddRange(items);
                return true;
            case PickledObject:
                return true;
            default:
                throw Senseless($"needs a {Kind<List<object?>>()}", place);
        }
    }

    private bool Build(object? state, long place) => (state, Top<object>(place)) switch
    {
        (_, PickledObject) => true,
        // Versions of the modules that wrote an ordered dictionary. They are not needed.
        (PickledDictionary, PickledDictionary) => true,
        (object?[] values, PickledArray array) when array.Build(values) || values.Any(value => value is PickledObject) => true,
        (object?[] values, PickledNumbers type) when type.Build(values) => true,
        _ => throw Senseless("gives something a state", place),
    };

    private bool SetItems(object?[] items, long place)
    {
        if (items.Length % 2 != 0)
            throw Senseless("has a key without value", place);
        if (Top<object>(place) is PickledObject)
            return true;
        var dictionary = Top<PickledDictionary>(place);
        for (var i = 0; i < items.Length; i += 2)
            dictionary.Add(items[i], items[i + 1]);
        return true;
    }

    private bool Push(object? value)
    {
        if (_stack.Count >= MostEntries)
            throw file.Broken($"holds more than {MostEntries} values at once in {what}");
        _stack.Add(value);
        return true;
    }

    // No value below the last mark may be taken before the mark.
    private object?[] PopMany(int count, long place) => count <= _stack.Count - (_marks.Count > 0 ? _marks[^1] : 0)
        ? Cut(_stack.Count - count)
        : throw Senseless("takes a value that is not there", place);

    private object?[] PopToMark(long place)
    {
        if (_marks.Count == 0)
            throw Senseless("closes a mark that was not opened", place);
        var mark = _marks[^1];
        _marks.RemoveAt(_marks.Count - 1);
        return Cut(mark);
    }

    private object?[] Cut(int from)
    {
        var values = _stack[from..];
        _stack.RemoveRange(from, values.Count);
        return [.. values];
    }

    private T Pop<T>(long place) where T : class => PopMany(1, place)[0] as T ?? throw Senseless($"needs a {Kind<T>()}", place);

    private T Top<T>(long place) where T : class => _stack.Count > (_marks.Count > 0 ? _marks[^1] : 0) && _stack[^1] is T value
        ? value
        : throw Senseless($"needs a {Kind<T>()}", place);

    private bool Remember(long index)
    {
        if (_stack.Count == 0 || _memo.Count >= MostEntries)
            throw file.Broken($"stores no value, or more than {MostEntries} values, in the memo of {what}");
        _memo[index] = _stack[^1];
        return true;
    }

    private object? Recall(long index) =>
        _memo.TryGetValue(index, out var value) ? value : throw file.Broken($"uses memo entry {index} of {what}, which does not exist");

    private object Named(string name, long place) => PickledGlobal.Find(name) is { } known ? known
        : PickledGlobal.Attacks(name) ? throw new LabException(
            $"the file {file.Path} asks for '{FileFormats.Printable(name)}' at byte {place}, in {what}, which runs programs. The file is "
            + "refused, and no code of the file was run. No checkpoint needs that: do not open the file in Python")
        : new PickledObject(name, place);

    private string Text(long length) => Encoding.UTF8.GetString(cursor.Take(length));

    private string Line()
    {
        _line.Clear();
        for (var next = cursor.Byte(); next != '\n'; next = cursor.Byte())
        {
            if (_line.Append((char)next).Length > LongestName)
                throw file.Broken($"uses a name of more than {LongestName} characters in {what}");
        }
        return _line.ToString();
    }

    private static object Integer(ReadOnlySpan<byte> digits)
    {
        var number = new BigInteger(digits);
        return number >= long.MinValue && number <= long.MaxValue ? (object)(long)number : number;
    }

    private static string Kind<T>() => typeof(T) == typeof(string) ? "text"
        : typeof(T) == typeof(PickledDictionary) ? "dictionary"
        : typeof(T) == typeof(List<object?>) ? "list"
        : typeof(T) == typeof(PickledGlobal) ? "function" : "tuple";

    private LabException Senseless(string does, long place) => file.Broken($"{does} at byte {place}, in {what}, which makes no sense");
}

/// <summary>The pickle instructions that are read, and names for unsupported ones (Python's pickletools lists all).</summary>
internal static class PickleCode
{
    public const byte Protocol = 0x80;
    public const byte Frame = 0x95;
    public const byte Stop = (byte)'.';
    public const byte Mark = (byte)'(';

    public const byte None = (byte)'N';
    public const byte True = 0x88;
    public const byte False = 0x89;
    public const byte Int32 = (byte)'J';
    public const byte Int8 = (byte)'K';
    public const byte Int16 = (byte)'M';
    public const byte Long = 0x8a;
    public const byte Float = (byte)'G';
    public const byte Text = (byte)'X';
    public const byte ShortText = 0x8c;
    public const byte LongText = 0x8d;

    // Strings of Python 2.
    public const byte BytesText = (byte)'T';
    public const byte ShortBytesText = (byte)'U';

    public const byte Bytes = (byte)'B';
    public const byte ShortBytes = (byte)'C';
    public const byte LongBytes = 0x8e;
    public const byte ByteArray = 0x96;

    public const byte Put = (byte)'q';
    public const byte LongPut = (byte)'r';
    public const byte Memoize = 0x94;
    public const byte Get = (byte)'h';
    public const byte LongGet = (byte)'j';

    public const byte EmptyDictionary = (byte)'}';
    public const byte EmptyList = (byte)']';
    public const byte EmptyTuple = (byte)')';
    public const byte Tuple = (byte)'t';
    public const byte Tuple1 = 0x85;
    public const byte Tuple2 = 0x86;
    public const byte Tuple3 = 0x87;
    public const byte Append = (byte)'a';
    public const byte Appends = (byte)'e';
    public const byte SetItem = (byte)'s';
    public const byte SetItems = (byte)'u';
    public const byte EmptySet = 0x8f;
    public const byte AddItems = 0x90;
    public const byte FrozenSet = 0x91;

    public const byte Global = (byte)'c';
    public const byte StackGlobal = 0x93;
    public const byte PersistentId = (byte)'Q';
    public const byte Reduce = (byte)'R';
    public const byte Build = (byte)'b';
    public const byte NewObject = 0x81;
    public const byte NewObjectWithKeywords = 0x92;

    /// <summary>The name of an instruction, for messages.</summary>
    public static string NameOf(byte code) => code switch
    {
        (byte)'i' => "the pickle instruction INST, which makes an object of a class",
        (byte)'o' => "the pickle instruction OBJ, which makes an object of a class",
        0x82 or 0x83 or 0x84 => "the pickle instruction EXT, which names an object registered in Python",
        (byte)'P' => "the pickle instruction PERSID",
        _ => $"the pickle instruction 0x{code:x2}",
    };
}
